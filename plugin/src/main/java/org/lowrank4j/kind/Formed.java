package org.lowrank4j.kind;

import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A gradient that a layer's own backward pass has made.
 *
 * @param matrix G, nIn x nOut, column- or row-major; only read
 */
public record Formed(INDArray matrix) implements WeightGradient {

    @Override
    public long inputs() {
        return matrix.size(0);
    }

    @Override
    public long outputs() {
        return matrix.size(1);
    }

    @Override
    public void times(INDArray right, double scale, INDArray result, double keep) {
        Blas.gemm(matrix, right, result, false, false, scale, keep);
    }

    @Override
    public void transposeTimes(INDArray left, double scale, INDArray result, double keep) {
        Blas.gemm(left, matrix, result, true, false, scale, keep);
    }

    @Override
    public INDArray columnDots(INDArray left) {
        return left.mul(matrix).sum(true, 0);
    }

    @Override
    public void formed(INDArray result, double keep) {
        if (keep == 0) {
            result.assign(matrix);
        } else {
            result.muli(keep).addi(matrix);
        }
    }

    @Override
    public WeightGradient withColumnsScaled(INDArray factors) {
        return new Formed(matrix.mulRowVector(factors));
    }

    @Override
    public boolean isFinite() {
        return Double.isFinite(matrix.sumNumber().doubleValue());
    }
}
