package org.lowrank4j.adapter;

import java.util.Arrays;
import org.lowrank4j.LowRankException;

/**
 * Spherical interpolation of several changes of one weight (slerp, as in WARP, arXiv 2406.16768): a change of the angle between
 * them that is as long as they are, where their mean is shorter.
 *
 * <pre>
 * slerp(d1, d2, l) = sin((1 - l) w) / sin w d1 + sin(l w) / sin w d2,     cos w = (d1, d2) / |d1| / |d2|
 * </pre>
 *
 * <p>More than two are folded one by one, each with its share of the weights so far: 1/2, 1/3, ... for equal weights. The
 * result is a sum of the changes with other coefficients, which follow from their inner products.
 */
final class SphericalMean {

    /** Where changes point one way up to rounding, the interpolation is the straight one. */
    private static final double PARALLEL = 1e-9;

    private final double[] coefficients;
    private double angle;

    /**
     * @param products inner products of the changes
     * @param weights at least 0, not all 0; their sum is how far the result is from the base
     * @throws LowRankException if changes point in opposite ways, for then there is no way between them
     */
    SphericalMean(double[][] products, double[] weights) {
        int count = weights.length;
        coefficients = new double[count];
        double sum = 0;
        for (int next = 0; next < count; next++) {
            if (weights[next] > 0) {
                sum += weights[next];
                fold(products, next, weights[next] / sum);
            }
        }
        for (int i = 0; i < count; i++) {
            coefficients[i] *= sum;
        }
    }

    /** What to multiply the changes by. */
    double[] coefficients() {
        return coefficients.clone();
    }

    /** The angle of the last interpolation, 0 for changes that point one way. */
    double angle() {
        return angle;
    }

    private void fold(double[][] products, int next, double share) {
        double soFar = 0;
        double both = 0;
        for (int i = 0; i < next; i++) {
            both += coefficients[i] * products[i][next];
            for (int j = 0; j < next; j++) {
                soFar += coefficients[i] * coefficients[j] * products[i][j];
            }
        }
        double lengths = Math.sqrt(soFar * products[next][next]);
        angle = lengths > 0 ? Math.acos(Math.max(-1, Math.min(1, both / lengths))) : 0;
        if (Math.PI - angle < PARALLEL) {
            throw new LowRankException("The changes point in opposite ways, so that there is no arc between them. Take"
                    + " another method, or leave one of them out.");
        }
        double own = angle < PARALLEL ? share : Math.sin(share * angle) / Math.sin(angle);
        double others = angle < PARALLEL ? 1 - share : Math.sin((1 - share) * angle) / Math.sin(angle);
        Arrays.setAll(coefficients, i -> i < next ? coefficients[i] * others : coefficients[i]);
        coefficients[next] = own;
    }
}
