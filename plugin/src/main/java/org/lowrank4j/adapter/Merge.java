package org.lowrank4j.adapter;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.TrainingState;
import org.lowrank4j.network.NetworkWeights;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Writes a base model with an adapter merged into its weights: a plain DL4J model that needs nothing of this library. */
public final class Merge {

    /** The largest relative difference between merged and unmerged outputs that passes. */
    public static final double TOLERANCE = 1e-6;

    private static final int PROBES = 32;

    private Merge() {}

    /**
     * What a merge did.
     *
     * @param differences per adapted layer: the largest difference between its merged and its unmerged output, in parts
     *     of the largest output
     * @param changed how many parameters have other values than in the base
     */
    public record Report(Map<String, Double> differences, long changed) {

        public Report {
            differences = Collections.unmodifiableMap(new LinkedHashMap<>(differences));
        }

        /** The worst layer's difference. */
        public double largestDifference() {
            return differences.values().stream()
                    .mapToDouble(Double::doubleValue)
                    .max()
                    .orElse(0);
        }
    }

    /**
     * Whether an adapter can be merged into a base, as far as that can be told without merging.
     *
     * @param anyBase whether an adapter of another base is allowed, if its shapes fit
     * @throws LowRankException if it cannot
     */
    public static void check(ModelFile base, Adapter adapter, boolean anyBase) {
        NetworkWeights weights = NetworkWeights.of(base.network());
        Fit.check(adapter, weights);
        if (!anyBase) {
            Map<String, INDArray> originals = new LinkedHashMap<>();
            adapter.layers().keySet().forEach(key -> originals.put(key, weights.matrix(key)));
            BaseFingerprint.check(adapter, originals);
        }
    }

    /**
     * Merges and checks, then writes. On random inputs, every adapted layer's product with its merged weight must equal
     * the one with base and factors apart, x W0 + s (x A) B.
     *
     * @param base the model that the adapter was made on; not changed
     * @param adapter to merge
     * @param output the new model zip; may be the base's file, and is replaced as a whole or not at all
     * @param anyBase whether an adapter of another base is allowed, if its shapes fit
     * @throws LowRankException if the adapter belongs to another base, would change nothing, gives weights that are not
     *     finite, or the check fails; nothing is written then
     */
    public static Report write(ModelFile base, Adapter adapter, Path output, boolean anyBase) throws IOException {
        return write(base, adapter, null, output, anyBase);
    }

    /**
     * Merges, checks and writes, as {@link #write(ModelFile, Adapter, Path, boolean)} does.
     *
     * @param state from which a training of the merged model goes on; null for a plain model
     */
    public static Report write(
            ModelFile base, Adapter adapter, @Nullable TrainingState state, Path output, boolean anyBase)
            throws IOException {
        check(base, adapter, anyBase);
        NetworkWeights weights = NetworkWeights.of(base.network());
        ModelFile merged = ModelFile.read(base.file());
        NetworkWeights target = NetworkWeights.of(merged.network());
        Map<String, Double> differences = new LinkedHashMap<>();
        adapter.layers().forEach((key, layer) -> {
            NetworkWeights.Place place = target.place(key);
            INDArray parameter = target.parameter(place.layer(), place.parameter());
            parameter.assign(Fit.effective(place.matrix(), parameter, layer));
            differences.put(key, checked(key, layer, weights.matrix(key), target.matrix(key)));
        });
        adapter.parameters()
                .forEach((layer, arrays) -> arrays.forEach((name, array) -> {
                    INDArray parameter = target.parameter(layer, name);
                    parameter.assign(Fit.as(parameter, array));
                }));
        long changed = changed(base.network().params(), merged.network().params());
        if (changed == 0) {
            throw new LowRankException("The merge would change nothing: every weight stays as it is in the base. The"
                    + " adapter is one that was never trained, or that the base has merged already.");
        }
        merged.writeTo(output, state);
        return new Report(differences, changed);
    }

    private static double checked(String name, LayerAdapter adapter, INDArray base, INDArray merged) {
        INDArray inputs = probes(adapter.inputs());
        INDArray apart = inputs.mmul(base.castTo(DataType.DOUBLE))
                .addi(inputs.mmul(adapter.a().castTo(DataType.DOUBLE))
                        .mmul(adapter.b().castTo(DataType.DOUBLE))
                        .muli(adapter.scale()));
        INDArray magnitude = adapter.magnitude();
        if (magnitude != null) {
            INDArray unnormalised = adapter.product().addi(base.castTo(DataType.DOUBLE));
            apart.muliRowVector(magnitude
                    .castTo(DataType.DOUBLE)
                    .reshape(1, adapter.outputs())
                    .div(LayerAdapter.norms(unnormalised)));
        }
        INDArray together = inputs.mmul(merged.castTo(DataType.DOUBLE));
        double scale = apart.amaxNumber().doubleValue();
        double error = together.sub(apart).amaxNumber().doubleValue();
        double relative = scale == 0 ? error : error / scale;
        if (!(relative <= TOLERANCE)) {
            throw new LowRankException(String.format(
                    Locale.ROOT,
                    "The merged weight of layer %s does not give the outputs of base and adapter apart: they differ by"
                            + " %.1e of the largest, and %.0e is allowed. Nothing was written.",
                    name,
                    relative,
                    TOLERANCE));
        }
        return relative;
    }

    private static INDArray probes(long inputs) {
        Random random = new Random(1);
        INDArray probes = Nd4j.create(DataType.DOUBLE, PROBES, inputs);
        for (long i = 0; i < PROBES; i++) {
            for (long j = 0; j < inputs; j++) {
                probes.putScalar(i, j, random.nextGaussian());
            }
        }
        return probes;
    }

    private static long changed(INDArray before, INDArray after) {
        double[] old = before.dup('c').data().asDouble();
        double[] merged = after.dup('c').data().asDouble();
        long changed = 0;
        for (int i = 0; i < old.length; i++) {
            changed += Double.compare(old[i], merged[i]) == 0 ? 0 : 1;
        }
        return changed;
    }
}
