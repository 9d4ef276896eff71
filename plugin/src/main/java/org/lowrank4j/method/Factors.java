package org.lowrank4j.method;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * How a low-rank update s A B, or s A R B with a core R between its factors, starts.
 *
 * @param a nIn x r, the input side
 * @param b r x nOut, the output side
 * @param core R, r x r, or the r entries of a diagonal one; null for an update without a core
 * @param base nIn x nOut, the fixed weight that the update is added to, so that the effective weight becomes base + s A B
 *     (or base + s A R B); null for W less the update, which leaves the network's function unchanged
 */
public record Factors(
        INDArray a,
        INDArray b,
        @Nullable INDArray core,
        @Nullable INDArray base) {

    /** The factors of s A B in a network whose function stays as it is. */
    public Factors(INDArray a, INDArray b) {
        this(a, b, null, null);
    }

    /** The same factors with R between them. */
    public Factors withCore(INDArray newCore) {
        return new Factors(a, b, newCore, base);
    }

    /** The same factors added to a given weight. */
    public Factors on(INDArray newBase) {
        return new Factors(a, b, core, newBase);
    }
}
