package org.lowrank4j.average;

import java.util.Arrays;
import java.util.List;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.PseudoInverse;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Two averages whose memory grows with training, from which one of any other width can be made when it has ended (arXiv
 * 2312.02696, section 3).
 *
 * <pre>
 * after step t:     EMA = beta EMA + (1 - beta) theta,     beta = (1 - 1 / t)^(gamma + 1)
 * </pre>
 *
 * <p>gamma is the largest root of g^3 + 7 g^2 + (16 - 1 / s^2) g + 12 - 1 / s^2 for the width s: the deviation of the
 * average's weights as a share of the steps so far, so that 0.05 and 0.10 remember the last tenth and fifth of any length of
 * training. No number of steps or examples has to be chosen. The average of the first width stands in the place of what
 * trains.
 */
public final class PostHocEma implements WeightAverage {

    private static final String FIRST = "first";
    private static final String SECOND = "second";

    /** Of weights that all count alike: s^2 = 1 / 12. */
    private static final double WIDEST = Math.sqrt(1 / 12.0);

    @Override
    public String name() {
        return "post-hoc-ema";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(FIRST, "0.05", "the width of the average that is looked at, above 0 and below 0.288"),
                new MethodOption(SECOND, "0.10", "the width of the other one, above 0 and below 0.288"));
    }

    @Override
    public Mean mean(OptionValues options) {
        double[] widths = {width(options, FIRST), width(options, SECOND)};
        double[] exponents = Arrays.stream(widths).map(PostHocEma::exponent).toArray();
        if (widths[0] == widths[1]) {
            throw new LowRankException(name() + "." + FIRST + " and " + name() + "." + SECOND + " are both "
                    + options.text(FIRST) + ", and of two equal averages no other can be made. Write two widths.");
        }
        return new Ema.Running() {
            @Override
            public int copies() {
                return exponents.length;
            }

            @Override
            public double[] widths() {
                return widths.clone();
            }

            @Override
            double rho(int copy, long step, int examples) {
                return beta(exponents[copy], step);
            }
        };
    }

    private double width(OptionValues options, String option) {
        double width = options.positiveDouble(option);
        if (width >= WIDEST) {
            throw new LowRankException(name() + "." + option + "=" + options.text(option)
                    + " is refused: an average in which all steps count alike has the width 0.288. Write one that is"
                    + " smaller, for example 0.1.");
        }
        return width;
    }

    /** How much of an average stays in a step, 0 in the first. */
    public static double beta(double exponent, long step) {
        return Math.pow(1 - 1.0 / step, exponent + 1);
    }

    /**
     * What to multiply snapshots of averages by, so that their sum is nearest to the average of another width, for weights
     * that are as likely to point anywhere in each step: least squares over the profiles (appendix, algorithm 3).
     *
     * @param steps of the snapshots, each above 0
     * @param widths of their averages
     * @param step that the wanted average ends with
     * @param width of it, above 0 and below 0.288
     * @return numbers whose sum is 1
     */
    public static double[] coefficients(long[] steps, double[] widths, long step, double width) {
        int count = steps.length;
        double[] exponents = Arrays.stream(widths).map(PostHocEma::exponent).toArray();
        double wanted = exponent(width);
        INDArray products = Nd4j.create(DataType.DOUBLE, count, count);
        INDArray withWanted = Nd4j.create(DataType.DOUBLE, count, 1);
        for (int i = 0; i < count; i++) {
            withWanted.putScalar(i, 0, product(steps[i], exponents[i], step, wanted));
            for (int j = 0; j < count; j++) {
                products.putScalar(i, j, product(steps[i], exponents[i], steps[j], exponents[j]));
            }
        }
        INDArray solved = PseudoInverse.of(products).mmul(withWanted);
        return solved.divi(solved.sumNumber().doubleValue()).toDoubleVector();
    }

    /**
     * How far such a sum is from the average of that width, for the same weights.
     *
     * @param coefficients of the snapshots
     * @return the distance of the profiles, in parts of the wanted one's norm
     */
    public static double distance(long[] steps, double[] widths, double[] coefficients, long step, double width) {
        double wanted = exponent(width);
        double norm = product(step, wanted, step, wanted);
        double square = norm;
        for (int i = 0; i < steps.length; i++) {
            double its = exponent(widths[i]);
            square -= 2 * coefficients[i] * product(steps[i], its, step, wanted);
            for (int j = 0; j < steps.length; j++) {
                square += coefficients[i] * coefficients[j] * product(steps[i], its, steps[j], exponent(widths[j]));
            }
        }
        return Math.sqrt(Math.max(0, square) / norm);
    }

    /** Of two profiles: (gamma + 1) t^gamma / T^(gamma + 1) up to T, integrated over what both have. */
    private static double product(long step, double exponent, long other, double others) {
        double least = Math.min(step, other);
        return (exponent + 1)
                * (others + 1)
                / (exponent + others + 1)
                * Math.pow(least / step, exponent)
                * Math.pow(least / other, others)
                * least
                / step
                / other;
    }

    /**
     * gamma for a width, by halving: from where its polynomial falls no more, it rises through one root.
     *
     * @param width above 0 and below 0.288
     */
    public static double exponent(double width) {
        double squares = 1 / (width * width);
        double low = 0;
        double high = Math.sqrt(squares);
        for (double middle = high / 2; middle > low && middle < high; middle = (low + high) / 2) {
            double value = ((middle + 7) * middle + 16 - squares) * middle + 12 - squares;
            if (value < 0) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return high;
    }
}
