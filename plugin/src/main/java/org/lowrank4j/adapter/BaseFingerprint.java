package org.lowrank4j.adapter;

import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.ContentHash;
import org.lowrank4j.file.EntryBytes;
import org.lowrank4j.network.NetworkWeights;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Which base network an adapter belongs to: names, shapes and hashes of the weights that it changes.
 *
 * @param weights by layer
 */
public record BaseFingerprint(Map<String, Weight> weights) {

    /**
     * One weight W of the base.
     *
     * @param inputs nIn
     * @param outputs nOut
     * @param type FLOAT or DOUBLE
     * @param sha256 of the entries as little-endian IEEE numbers of that type, the nIn entries of the first output first,
     *     in lower-case hexadecimal. This is the memory of a DL4J dense weight ('f' order), and the bytes of the same
     *     weight in the libraries that keep it as nOut x nIn, row by row
     */
    public record Weight(long inputs, long outputs, DataType type, String sha256) {}

    public BaseFingerprint {
        weights = Collections.unmodifiableMap(new LinkedHashMap<>(weights));
    }

    /**
     * The fingerprint of some layers of a network.
     *
     * @param keys of matrices: LAYER for a layer's W, else LAYER/PARAMETER
     * @throws LowRankException if one is not there
     */
    public static BaseFingerprint of(Model network, Collection<String> keys) {
        NetworkWeights live = NetworkWeights.of(network);
        Map<String, INDArray> matrices = new LinkedHashMap<>();
        keys.forEach(key -> matrices.put(key, live.matrix(key)));
        return of(matrices);
    }

    static BaseFingerprint of(Map<String, INDArray> matrices) {
        Map<String, Weight> weights = new LinkedHashMap<>();
        matrices.forEach((layer, weight) ->
                weights.put(layer, new Weight(weight.size(0), weight.size(1), weight.dataType(), hash(weight))));
        return new BaseFingerprint(weights);
    }

    /**
     * How another network differs from this base, in the layers that are listed here.
     *
     * @return one sentence per differing layer, in this order; empty if the network is this base
     */
    public List<String> differences(Model network) {
        NetworkWeights live = NetworkWeights.of(network);
        Map<String, INDArray> matrices = new LinkedHashMap<>();
        weights.keySet().stream().filter(live.matrices()::contains).forEach(key -> matrices.put(key, live.matrix(key)));
        return differences(matrices);
    }

    List<String> differences(Map<String, INDArray> matrices) {
        List<String> differences = new ArrayList<>();
        weights.forEach((layer, expected) -> {
            INDArray weight = matrices.get(layer);
            if (weight == null) {
                differences.add(NetworkWeights.described(layer) + " is not there");
            } else if (weight.size(0) != expected.inputs() || weight.size(1) != expected.outputs()) {
                differences.add(NetworkWeights.described(layer) + " is " + weight.size(0) + " x " + weight.size(1)
                        + " there and " + expected.inputs() + " x " + expected.outputs()
                        + " in the base of the adapter");
            } else if (weight.dataType() != expected.type()) {
                differences.add(NetworkWeights.described(layer) + " is " + weight.dataType() + " there and "
                        + expected.type() + " in the base of the adapter");
            } else {
                String actual = hash(weight);
                if (!actual.equals(expected.sha256())) {
                    differences.add(NetworkWeights.described(layer) + " has other values (SHA-256 "
                            + ContentHash.shortened(actual) + " there, " + ContentHash.shortened(expected.sha256())
                            + " in the base of the adapter)");
                }
            }
        });
        return differences;
    }

    /** Refuses a base that differs. */
    static void check(Adapter adapter, Map<String, INDArray> matrices) {
        BaseFingerprint base = adapter.base();
        List<String> differences = base == null ? List.of() : base.differences(matrices);
        if (!differences.isEmpty()) {
            int shown = Math.min(3, differences.size());
            throw new LowRankException("The adapter was made on another base: "
                    + String.join("; ", differences.subList(0, shown))
                    + (differences.size() > shown
                            ? "; and " + (differences.size() - shown) + " more layers differ"
                            : "")
                    + ". Use the network that it was trained on, or allow another base explicitly (--any-base on the"
                    + " command line).");
        }
    }

    private static String hash(INDArray weight) {
        MessageDigest digest = ContentHash.sha256();
        if (weight.dataType() != DataType.DOUBLE && weight.dataType() != DataType.FLOAT) {
            throw new LowRankException("Adapters apply to networks of FLOAT or DOUBLE, and this weight has the type "
                    + weight.dataType() + ".");
        }
        EntryBytes.read(weight, 'f', ByteOrder.LITTLE_ENDIAN, digest::update);
        return HexFormat.of().formatHex(digest.digest());
    }
}
