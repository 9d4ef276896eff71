package org.lowrank4j.kind;

import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * G = X^T D for rows X that are tokens, never formed: what a method asks of it takes the rows of the tokens alone, and
 * memory of the vocabulary's size only where the result has it.
 *
 * @param tokens X
 * @param delta D, the loss by the rows that came out, rows x nOut, row-major
 */
public record TokenGradient(Tokens tokens, INDArray delta) implements RowGradient {

    @Override
    public long inputs() {
        return tokens.vocabulary();
    }

    @Override
    public long outputs() {
        return delta.size(1);
    }

    @Override
    public void inputsTimes(INDArray rows, double scale, INDArray result, double keep) {
        tokens.transposeTimes(rows, scale, result, keep);
    }

    @Override
    public void times(INDArray right, double scale, INDArray result, double keep) {
        INDArray projected = rows(right.size(1));
        Blas.gemm(delta, right, projected, false, false, 1, 0);
        tokens.transposeTimes(projected, scale, result, keep);
    }

    @Override
    public void transposeTimes(INDArray left, double scale, INDArray result, double keep) {
        Blas.gemm(picked(left), delta, result, true, false, scale, keep);
    }

    @Override
    public void between(INDArray left, INDArray right, double scale, INDArray result, double keep) {
        INDArray projected = rows(right.size(1));
        Blas.gemm(delta, right, projected, false, false, 1, 0);
        Blas.gemm(picked(left), projected, result, true, false, scale, keep);
    }

    @Override
    public INDArray columnDots(INDArray left) {
        return picked(left).muli(delta).sum(true, 0);
    }

    @Override
    public void formed(INDArray result, double keep) {
        tokens.transposeTimes(delta, 1, result, keep);
    }

    @Override
    public WeightGradient withColumnsScaled(INDArray factors) {
        return new TokenGradient(tokens, delta.mulRowVector(factors));
    }

    @Override
    public boolean isFinite() {
        return Double.isFinite(delta.sumNumber().doubleValue());
    }

    private INDArray picked(INDArray matrix) {
        INDArray picked = rows(matrix.size(1));
        tokens.times(matrix, picked);
        return picked;
    }

    private INDArray rows(long columns) {
        return Nd4j.createUninitialized(delta.dataType(), new long[] {tokens.rows(), columns}, 'c');
    }
}
