package org.lowrank4j.gradient.exchange;

import java.util.List;
import java.util.function.Function;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Flag Aggregator (arXiv 2302.05865, and the released code) against replicas whose gradients are wrong: the mean of the
 * directions of the gradients, within a subspace of few dimensions near most of them.
 *
 * <pre>
 * x_i = g_i / |g_i|,   Y: the subspace of the x_i, see FlagSubspace
 * scale=median:  median |g_i|  Y Y^T mean x_i
 * scale=mean:    Y Y^T mean g_i
 * scale=unit:    Y Y^T sum x_i / r
 * </pre>
 *
 * <p>The released code is {@code unit}: its steps forget how long gradients are, so that a learning rate means another thing.
 * With {@code median}, the default, one gradient that all replicas agree on is what they go on with, and a length that one of
 * them claims counts for little. Means are weighted by examples. The released code begins with a random subspace; this
 * one with none, which is the same in many dimensions, and chance has no part in it.
 *
 * <p>A gradient that is not finite is set aside, and said once; a gradient of zeros counts in the mean. Running statistics,
 * which are no gradients, become their mean. What it does not do: a gradient that is turned round lies in the same subspace
 * and cancels an honest one, and with r dimensions up to r replicas that agree with nobody may keep theirs; r of all of them
 * keeps everything. Work: p^2 products of the gradient's length, and an eigendecomposition of p x p, in double.
 */
public final class FlagExchange implements GradientExchange {

    /** How long a step is. */
    enum Scale {
        MEDIAN,
        MEAN,
        UNIT
    }

    @Override
    public String name() {
        return "flag";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "dimensions",
                        "majority",
                        "dimensions of the subspace, a whole number above 0; majority is half of the replicas, and one"),
                new MethodOption("iterations", "1", "how often the subspace is weighted anew in a step"),
                new MethodOption(
                        "lambda", "0", "the weight of the differences between gradients, a number of at least 0"),
                new MethodOption(
                        "scale",
                        "median",
                        "the length of a step: median of the gradients' lengths, mean (of the gradients within the"
                                + " subspace) or unit (as published: the sum of directions over the dimensions)"));
    }

    @Override
    public Function<ExchangedGradient, Steps> steps(OptionValues options) {
        int dimensions = options.text("dimensions").strip().equals("majority") ? 0 : options.positiveInt("dimensions");
        int iterations = options.positiveInt("iterations");
        double lambda = options.between("lambda", 0, Double.POSITIVE_INFINITY);
        Scale scale = options.choice("scale", Scale.class);
        return given -> new FlagSteps(given, dimensions, iterations, lambda, scale, INDArray::like);
    }
}
