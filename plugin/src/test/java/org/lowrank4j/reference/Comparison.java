package org.lowrank4j.reference;

import java.util.Arrays;

/** The rules by which computed values are compared with expected ones. */
final class Comparison {

    private Comparison() {}

    /**
     * The largest error in parts of the largest expected value.
     *
     * @param rule of the case; rules that need factors aligned with the file first are met by computing with the signs
     *     of the file, so they too compare entry by entry
     * @param zeroScale the scale where all expected values are 0
     * @param signsPerRow where the signs of vectors are free, whether these are rows
     */
    static double error(String rule, Values expected, Values actual, double zeroScale, boolean signsPerRow) {
        if (!sameShape(expected, actual)) {
            throw new AssertionError("the shape is " + Arrays.toString(actual.shape()) + " and must be "
                    + Arrays.toString(expected.shape()));
        }
        Values compared = switch (rule) {
            case "up-to-sign-per-column", "up-to-sign-per-filter" -> withSignsOf(expected, actual, signsPerRow);
            case "elementwise",
                    "product-only",
                    "subspace",
                    "signs-of-file",
                    "up-to-sign-per-rank-one-term",
                    "see-notes" -> actual;
            default -> throw new AssertionError("this test knows no comparison rule " + rule);
        };
        double scale = expected.largest() > 0 ? expected.largest() : zeroScale;
        double worst = 0;
        for (int i = 0; i < expected.data().length; i++) {
            double error = Math.abs(compared.data()[i] - expected.data()[i]) / scale;
            // A NaN is worse than any error, and no comparison finds it.
            worst = Double.isNaN(error) ? Double.POSITIVE_INFINITY : Math.max(worst, error);
        }
        return worst;
    }

    private static boolean sameShape(Values expected, Values actual) {
        return Arrays.equals(expected.shape(), actual.shape())
                || expected.shape().length == 0 && actual.data().length == 1;
    }

    /** Negates the vectors (columns or rows) that point the other way. */
    static Values withSignsOf(Values expected, Values actual, boolean perRow) {
        int rows = expected.size(0);
        int columns = expected.data().length / rows;
        double[] dots = new double[perRow ? rows : columns];
        for (int i = 0; i < rows * columns; i++) {
            dots[perRow ? i / columns : i % columns] += expected.data()[i] * actual.data()[i];
        }
        double[] aligned = actual.data().clone();
        for (int i = 0; i < aligned.length; i++) {
            if (dots[perRow ? i / columns : i % columns] < 0) {
                aligned[i] = -aligned[i];
            }
        }
        return new Values(actual.shape(), aligned);
    }
}
