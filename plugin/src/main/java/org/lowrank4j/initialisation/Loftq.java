package org.lowrank4j.initialisation;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.network.ModelWeights;
import org.lowrank4j.quantisation.NormalFloat;
import org.lowrank4j.quantisation.Quantiser;
import org.lowrank4j.quantisation.UniformGrid;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * LoftQ (arXiv 2310.08659, algorithm 1, and the released code): W is split into a quantised base Q and factors that take
 * up what quantisation loses, by turns from A B = 0 on, and the network moves by what they cannot take up:
 *
 * <pre>
 * Q = quantised(W - s A B)
 * s A B = [W - Q]_r,   A = U_r sqrt(S_r / s),   B = sqrt(S_r / s) V_r^T
 * </pre>
 *
 * <p>The last half-step is the decomposition, so the effective weight Q + s A B misses W by the root of the sum of the
 * squares of the singular values of W - Q after the first r. The network's function changes by that.
 *
 * <p>For a network that was quantised or pruned elsewhere, the option original names the model zip of its weights before
 * that. The quantiser is not used then: the base is the W that the network holds, and s A B = [original - W]_r.
 *
 * <p>The released code multiplies A B by nothing, so it needs s = 1, that is alpha = r, which is the default here. The
 * factors are divided by s, so the split is right for any s. Pairs beyond the rank of W - Q start as LoRA's do.
 */
public final class Loftq implements Initialisation {

    private enum Quantisation {
        NF2,
        NF3,
        NF4,
        UNIFORM {
            @Override
            Quantiser of(OptionValues options) {
                return new UniformGrid(options.positiveInt("bits"));
            }
        };

        /** The bits of a NormalFloat are the end of its name. */
        Quantiser of(OptionValues options) {
            int bits = name().charAt(2) - '0';
            if (options.isWritten("bits") && options.positiveInt("bits") != bits) {
                throw new LowRankException("loftq.quantiser=" + name().toLowerCase(Locale.ROOT) + " has " + bits
                        + " bits, and loftq.bits=" + options.text("bits") + " asks for others. Leave out loftq.bits, or"
                        + " use loftq.quantiser=nf2, nf3 or nf4, or uniform for 2 to 8 bits.");
            }
            return new NormalFloat(bits, options.positiveInt("block"));
        }
    }

    @Override
    public String name() {
        return "loftq";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "quantiser",
                        "nf4",
                        "nf2, nf3, nf4: 4, 8 or 16 quantiles of the normal distribution, scaled block by block;"
                                + " uniform: one even grid for the whole weight, clipped at two standard deviations"),
                new MethodOption(
                        "bits", "4", "the bits of one weight: 2 to 8 for uniform; nf2, nf3 and nf4 name theirs"),
                new MethodOption("block", "64", "how many weights nf2, nf3 and nf4 scale together, 1 or more"),
                new MethodOption("iterations", "1", "how often quantising and splitting take turns, 1 or more"),
                new MethodOption(
                        "original",
                        "",
                        "the path of the model zip with the weights before compression, for a network whose weights are"
                                + " quantised or pruned already; empty to quantise the weights that there are"));
    }

    @Override
    public OptionalDouble defaultAlpha(int rank) {
        return OptionalDouble.of(rank);
    }

    @Override
    public Factors start(Start start) {
        OptionValues options = start.options();
        String original = options.text("original");
        Factors factors = original.isBlank()
                ? alternated(
                        start.weight(),
                        options.choice("quantiser", Quantisation.class).of(options),
                        options.positiveInt("iterations", 1000),
                        start.rank(),
                        start.scale())
                : split(
                        ModelWeights.shared("loftq.original", original)
                                .weight(start.layer(), start.inputs(), start.outputs()),
                        start.weight(),
                        start.rank(),
                        start.scale());
        return DeadPairs.revived(factors, start);
    }

    /**
     * Takes turns.
     *
     * @param weight W, nIn x nOut; not changed
     * @param iterations T, at least 1
     * @param rank r, at least 1
     * @param scale s, above 0
     * @return A and B on the base Q, in double
     */
    public static Factors alternated(INDArray weight, Quantiser quantiser, int iterations, int rank, double scale) {
        INDArray exact = weight.castTo(DataType.DOUBLE);
        Factors factors = split(exact, quantiser.quantised(exact), rank, scale);
        for (int i = 1; i < iterations; i++) {
            INDArray product = factors.a().mmul(factors.b()).muli(scale);
            factors = split(exact, quantiser.quantised(exact.sub(product)), rank, scale);
        }
        return factors;
    }

    /** The best s A B of rank r on a given base. */
    private static Factors split(INDArray weight, INDArray base, int rank, double scale) {
        INDArray residual = weight.castTo(DataType.DOUBLE).sub(base.castTo(DataType.DOUBLE));
        return SingularFactors.leading(ThinSvd.of(residual), rank, scale).on(base);
    }
}
