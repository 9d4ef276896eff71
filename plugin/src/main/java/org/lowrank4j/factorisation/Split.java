package org.lowrank4j.factorisation;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.decomposition.EnergyTruncation;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A layer as two, x -&gt; (x A + a) B + b, in double.
 *
 * @param first A, nIn x k
 * @param firstBias a, 1 x k; null for none
 * @param second B, k x nOut
 * @param secondBias b, 1 x nOut; null for that of the layer itself, if it has one
 */
public record Split(
        INDArray first,
        @Nullable INDArray firstBias,
        INDArray second,
        @Nullable INDArray secondBias) {

    /** Factors without a bias between them. */
    public Split(INDArray first, INDArray second) {
        this(first, null, second, null);
    }

    /**
     * The truncated singular value decompositions U_k S_k V_k^T of a matrix.
     *
     * @param first the power of S that U gets
     * @param second the power of S that V^T gets
     */
    static RankedFactors singular(INDArray matrix, double first, double second) {
        ThinSvd svd = ThinSvd.of(matrix);
        return new RankedFactors(svd.singularValues(), rank -> {
            EnergyTruncation kept = new EnergyTruncation(svd, rank);
            return new Split(kept.left(first), kept.right(second));
        });
    }
}
