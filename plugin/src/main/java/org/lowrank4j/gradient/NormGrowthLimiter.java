package org.lowrank4j.gradient;

import org.lowrank4j.method.Kept;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The norm-growth limiter of Fira (arXiv 2410.01623), used by APOLLO as well: a step S may be at most 1.01 times as long
 * as the one before it, q.
 *
 * <pre>S /= max(||S|| / (q + 1e-8), 1.01) / 1.01</pre>
 *
 * <p>The first step, and one after a step of length 0, pass as they are.
 */
final class NormGrowthLimiter {

    private static final double GROWTH = 1.01;
    private static final double EPSILON = 1e-8;

    /** The length of the last limited step, 0 before the first. */
    private final INDArray norm;

    NormGrowthLimiter(Kept kept) {
        norm = kept.array("limiter", DataType.DOUBLE, 'c', 1);
    }

    /** What a step of this length is divided by; its limited length is remembered. */
    double divisor(double length) {
        double previous = norm.data().getDouble(0);
        double divisor = previous == 0 ? 1 : Math.max(length / (previous + EPSILON), GROWTH) / GROWTH;
        norm.data().put(0, length / divisor);
        return divisor;
    }
}
