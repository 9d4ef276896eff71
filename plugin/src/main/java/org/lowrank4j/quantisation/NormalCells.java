package org.lowrank4j.quantisation;

import java.util.Arrays;
import org.lowrank4j.LowRankException;

/**
 * The quantiser of Bi-LoRA (arXiv 2307.16867, section 3.3, and the released code): 2^bits codes for numbers that are
 * normally distributed with mean 0 and deviation 1. Each number goes to the nearest code, and each code is the median of
 * the normal distribution within its cell, which makes of one bit -0.674 and 0.674.
 *
 * <p>The codes are the limit of an iteration: cells end midway between codes, codes go to the medians of their cells. The
 * released code takes 500 rounds of it from codes of 0, and so does this up to 4 bits. From 5 bits on these rounds do not
 * suffice (with 8 bits half of the codes would still be 0), so there 100 rounds begin at quantiles of even distances.
 *
 * <p>Immutable; made once for each number of bits.
 */
public final class NormalCells {

    /** The most bits: a code fits into a byte. */
    public static final int MOST_BITS = 8;

    private static final int MOST_BITS_FROM_ZERO = 4;
    private static final int ROUNDS_FROM_ZERO = 500;
    private static final int ROUNDS = 100;
    private static final double ROOT_OF_TWO_PI = Math.sqrt(2 * Math.PI);
    private static final NormalCells[] MADE = new NormalCells[MOST_BITS + 1];

    private final double[] codes;
    private final double[] boundaries;

    private NormalCells(int bits) {
        double[] positive = positive(1 << bits - 1, bits <= MOST_BITS_FROM_ZERO);
        codes = new double[2 * positive.length];
        for (int i = 0; i < positive.length; i++) {
            codes[positive.length + i] = positive[i];
            codes[positive.length - 1 - i] = -positive[i];
        }
        boundaries = new double[codes.length - 1];
        for (int i = 0; i < boundaries.length; i++) {
            boundaries[i] = (codes[i] + codes[i + 1]) / 2;
        }
    }

    /**
     * The codes of some bits.
     *
     * @param bits 1 to 8
     * @throws LowRankException for any other number
     */
    public static synchronized NormalCells of(int bits) {
        if (bits < 1 || bits > MOST_BITS) {
            throw new LowRankException("Codes have 1 to " + MOST_BITS + " bits, and " + bits + " were asked for.");
        }
        NormalCells made = MADE[bits];
        if (made == null) {
            made = new NormalCells(bits);
            MADE[bits] = made;
        }
        return made;
    }

    /** The 2^bits codes, smallest first; they lie symmetrically around 0. */
    public double[] codes() {
        return codes.clone();
    }

    /** Where the cells of neighbouring codes meet. */
    public double[] boundaries() {
        return boundaries.clone();
    }

    /** The code that is nearest to a number; of two equally near ones the smaller. */
    public double nearest(double number) {
        return codes[indexOfNearest(number)];
    }

    /** The position of {@link #nearest} among the codes. */
    public int indexOfNearest(double number) {
        int from = 0;
        int to = boundaries.length;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (number > boundaries[middle]) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from;
    }

    /** The codes above 0; the others are their negatives in every round. */
    private static double[] positive(int count, boolean fromZero) {
        double[] codes = new double[count];
        if (!fromZero) {
            for (int i = 0; i < count; i++) {
                codes[i] = quantile((i + 0.5) / (2 * count), 0);
            }
        }
        double[] ends = new double[count + 1];
        ends[count] = 0.5;
        for (int round = 0; round < (fromZero ? ROUNDS_FROM_ZERO : ROUNDS); round++) {
            double[] before = codes.clone();
            for (int i = 1; i < count; i++) {
                ends[i] = aboveZero((codes[i - 1] + codes[i]) / 2);
            }
            for (int i = 0; i < count; i++) {
                codes[i] = quantile((ends[i] + ends[i + 1]) / 2, codes[i]);
            }
            if (Arrays.equals(before, codes)) {
                break;
            }
        }
        return codes;
    }

    /** The probability of a number between 0 and x under the normal distribution, by its series, whose terms are positive. */
    private static double aboveZero(double x) {
        double term = x;
        double sum = x;
        for (int k = 3; term > sum * 1e-17; k += 2) {
            term *= x * x / k;
            sum += term;
        }
        return sum * density(x);
    }

    private static double density(double x) {
        return Math.exp(-x * x / 2) / ROOT_OF_TWO_PI;
    }

    /** The x with {@link #aboveZero} of a probability below 1/2, by Newton's method, which from below never goes beyond. */
    private static double quantile(double probability, double near) {
        double x = aboveZero(near) > probability ? 0 : near;
        for (int i = 0; i < ROUNDS; i++) {
            double next = x + (probability - aboveZero(x)) / density(x);
            if (Math.abs(next - x) <= 1e-16 * next) {
                break;
            }
            x = next;
        }
        return x;
    }
}
