package org.lowrank4j.adapter;

import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Model;
import org.lowrank4j.LowRankException;
import org.lowrank4j.blas.NativeMemory;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Two networks of the same layers, before and after training, parameter by parameter. */
final class Difference {

    private static final int WINDOW_BYTES = 1 << 26;

    private final Map<String, Map<String, INDArray>> before;
    private final Map<String, Map<String, INDArray>> after;

    private Difference(Map<String, Map<String, INDArray>> before, Map<String, Map<String, INDArray>> after) {
        this.before = before;
        this.after = after;
    }

    /**
     * Puts two networks side by side.
     *
     * @throws LowRankException if layers, parameters, shapes or types are not the same
     */
    static Difference of(Model base, Model tuned) {
        Map<String, Map<String, INDArray>> before = NetworkWeights.of(base).layers();
        Map<String, Map<String, INDArray>> after = NetworkWeights.of(tuned).layers();
        if (!List.copyOf(before.keySet()).equals(List.copyOf(after.keySet()))) {
            throw new LowRankException("The models have different layers: " + before.keySet() + " in the base and "
                    + after.keySet() + " in the tuned model.");
        }
        before.forEach((layer, table) -> {
            Map<String, INDArray> other = after.getOrDefault(layer, Map.of());
            if (!table.keySet().equals(other.keySet())) {
                throw new LowRankException("Layer " + layer + " has the parameters " + table.keySet()
                        + " in the base and " + other.keySet() + " in the tuned model.");
            }
            table.forEach((name, array) -> {
                INDArray changed = other.get(name);
                if (changed == null
                        || !Arrays.equals(array.shape(), changed.shape())
                        || array.dataType() != changed.dataType()) {
                    throw new LowRankException("The parameter " + name + " of layer " + layer + " is " + text(array)
                            + " in the base and " + (changed == null ? "absent" : text(changed))
                            + " in the tuned model.");
                }
            });
        });
        return new Difference(before, after);
    }

    private static String text(INDArray array) {
        return array.dataType() + Arrays.toString(array.shape());
    }

    /** The layers in the network's order. */
    Iterable<String> layers() {
        return before.keySet();
    }

    /** Whether the layer has a weight matrix W. */
    boolean hasMatrix(String layer) {
        INDArray weight = before.getOrDefault(layer, Map.of()).get(NetworkWeights.WEIGHT);
        return weight != null && weight.rank() == 2;
    }

    /** Whether the layer's W is a matrix and differs. */
    boolean changed(String layer) {
        return hasMatrix(layer) && !sameBits(before(layer), after(layer));
    }

    /** W of the base. */
    INDArray before(String layer) {
        return weight(before, layer);
    }

    /** W of the tuned model. */
    INDArray after(String layer) {
        return weight(after, layer);
    }

    private static INDArray weight(Map<String, Map<String, INDArray>> network, String layer) {
        INDArray weight = network.getOrDefault(layer, Map.of()).get(NetworkWeights.WEIGHT);
        if (weight == null) {
            throw new LowRankException(
                    "The models have no layer " + layer + " with a weight W; they have " + network.keySet() + ".");
        }
        return weight;
    }

    /** An adapter with these changes of W; every other parameter that differs is in it as a whole. */
    Adapter adapter(Map<String, LayerAdapter> layers, Map<String, String> metadata) {
        Map<String, Map<String, INDArray>> whole = new LinkedHashMap<>();
        before.forEach((layer, table) -> table.forEach((name, array) -> {
            INDArray changed = after.getOrDefault(layer, Map.of()).get(name);
            boolean adapted = layers.containsKey(layer) && name.equals(NetworkWeights.WEIGHT);
            if (!adapted && changed != null && !sameBits(array, changed)) {
                whole.computeIfAbsent(layer, key -> new LinkedHashMap<>()).put(name, changed);
            }
        }));
        if (layers.isEmpty() && whole.isEmpty()) {
            throw new LowRankException("The two models have the same parameters, so there is nothing to adapt.");
        }
        Map<String, INDArray> bases = new LinkedHashMap<>();
        layers.keySet().forEach(layer -> bases.put(layer, before(layer)));
        return new Adapter(layers, whole, BaseFingerprint.of(bases), metadata);
    }

    /** Whether two arrays of one shape and type hold the same bits. */
    static boolean sameBits(INDArray left, INDArray right) {
        if (left.isEmpty()) {
            return right.isEmpty();
        }
        INDArray one = left.dup(left.ordering());
        INDArray other = right.dup(left.ordering());
        long bytes = one.length() * one.dataType().width();
        boolean same = true;
        for (long at = 0; at < bytes && same; at += WINDOW_BYTES) {
            int count = (int) Math.min(WINDOW_BYTES, bytes - at);
            same = NativeMemory.window(one, at, count).equals(NativeMemory.window(other, at, count));
        }
        Reference.reachabilityFence(one);
        Reference.reachabilityFence(other);
        return same;
    }
}
