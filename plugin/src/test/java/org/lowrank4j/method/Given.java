package org.lowrank4j.method;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.initialisation.Start;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What methods are given in tests: targets that keep nothing yet. */
public final class Given {

    private Given() {}

    /** The only target of its network. */
    public static TargetWeight target(
            String layer,
            INDArray weight,
            int rank,
            double alpha,
            double scale,
            long seed,
            Map<String, String> options) {
        return target(layer, weight, rank, alpha, scale, seed, options, shared(seed, weight.size(0), weight.size(1)));
    }

    /** A target of rank 1, a convolution's by its kernel. */
    public static TargetWeight target(String layer, INDArray weight, List<Long> kernel, Map<String, String> options) {
        return kernel(target(layer, weight, 1, 1, 1, 1, options), kernel);
    }

    /** The same of a convolution. */
    public static TargetWeight kernel(TargetWeight dense, List<Long> kernel) {
        return new TargetWeight(
                dense.layer(),
                dense.weight(),
                kernel,
                dense.rank(),
                dense.alpha(),
                dense.scale(),
                dense.seed(),
                dense.options(),
                dense.shared(),
                dense.kept());
    }

    /** One of several targets. */
    public static TargetWeight target(
            String layer,
            INDArray weight,
            int rank,
            double alpha,
            double scale,
            long seed,
            Map<String, String> options,
            SharedArrays shared) {
        return new TargetWeight(
                layer,
                weight,
                List.of(),
                rank,
                alpha,
                scale,
                seed,
                options,
                shared,
                new Kept("layer " + layer, weight.dataType()));
    }

    /** Of a network whose targets all have the same update. */
    public static SharedArrays shared(long seed, long largestInputs, long largestOutputs) {
        return new SharedArrays(seed, largestInputs, largestOutputs, new HashMap<>());
    }

    /** For a start that needs no more than W and perhaps a gradient. */
    public static Start start(
            INDArray weight,
            int rank,
            double alpha,
            double scale,
            @Nullable INDArray gradient,
            Random random,
            OptionValues options) {
        return new Start("W", weight, rank, alpha, scale, Double.NaN, gradient, null, random, options);
    }
}
