package org.lowrank4j.kind;

import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * G = X^T D, which is never formed: every product goes through the k columns of the factor that it is asked for.
 *
 * @param x X, the rows that went into the matrix, rows x nIn; for a dense layer its input after dropout
 * @param delta D, the loss by the rows that came out, rows x nOut
 */
public record OuterProduct(INDArray x, INDArray delta) implements RowGradient {

    @Override
    public long inputs() {
        return x.size(1);
    }

    @Override
    public long outputs() {
        return delta.size(1);
    }

    @Override
    public void inputsTimes(INDArray rows, double scale, INDArray result, double keep) {
        Blas.gemm(x, rows, result, true, false, scale, keep);
    }

    @Override
    public void times(INDArray right, double scale, INDArray result, double keep) {
        Blas.gemm(x, projected(delta, right), result, true, false, scale, keep);
    }

    @Override
    public void transposeTimes(INDArray left, double scale, INDArray result, double keep) {
        Blas.gemm(projected(x, left), delta, result, true, false, scale, keep);
    }

    @Override
    public void between(INDArray left, INDArray right, double scale, INDArray result, double keep) {
        Blas.gemm(projected(x, left), projected(delta, right), result, true, false, scale, keep);
    }

    /** In the order of the rows: BLAS then copies the few vectors of the factor and not all rows. */
    private static INDArray projected(INDArray rows, INDArray factor) {
        INDArray result =
                Nd4j.createUninitialized(factor.dataType(), new long[] {rows.size(0), factor.size(1)}, rows.ordering());
        Blas.gemm(rows, factor, result, false, false, 1, 0);
        return result;
    }

    /** By the rows that L would have sent out. */
    @Override
    public INDArray columnDots(INDArray left) {
        return projected(x, left).muli(delta).sum(true, 0);
    }

    @Override
    public void formed(INDArray result, double keep) {
        Blas.gemm(x, delta, result, true, false, 1, keep);
    }

    @Override
    public WeightGradient withColumnsScaled(INDArray factors) {
        return new OuterProduct(x, delta.mulRowVector(factors));
    }

    @Override
    public boolean isFinite() {
        return isFinite(x) && isFinite(delta);
    }

    private static boolean isFinite(INDArray array) {
        return Double.isFinite(array.sumNumber().doubleValue());
    }
}
