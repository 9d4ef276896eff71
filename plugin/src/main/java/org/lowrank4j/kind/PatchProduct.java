package org.lowrank4j.kind;

import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * G = X^T D of a convolution, whose X are the patches of its input: made for a few examples at a time, once for each product
 * that is asked for, and never kept.
 *
 * @param pictures the input, channels x examples x height x width in 'c' order
 * @param delta D, the loss by what came out at each place, places x nOut, column-major
 */
record PatchProduct(Patches patches, INDArray pictures, INDArray delta) implements WeightGradient {

    @Override
    public long inputs() {
        return patches.frame().patch();
    }

    @Override
    public long outputs() {
        return delta.size(1);
    }

    @Override
    public void times(INDArray right, double scale, INDArray result, double keep) {
        INDArray projected = columns(right);
        Blas.gemm(delta, right, projected, false, false, 1, 0);
        addUp(projected, scale, result, keep);
    }

    /** X^T Y, for Y of one row for each place. */
    private void addUp(INDArray perPlace, double scale, INDArray result, double keep) {
        patches.each((first, count) -> Blas.gemm(
                patches.of(pictures, first, count),
                patches.rows(perPlace, first, count),
                result,
                true,
                false,
                scale,
                first == 0 ? keep : 1));
    }

    @Override
    public void transposeTimes(INDArray left, double scale, INDArray result, double keep) {
        Blas.gemm(projected(left), delta, result, true, false, scale, keep);
    }

    @Override
    public void between(INDArray left, INDArray right, double scale, INDArray result, double keep) {
        INDArray projected = columns(right);
        Blas.gemm(delta, right, projected, false, false, 1, 0);
        Blas.gemm(projected(left), projected, result, true, false, scale, keep);
    }

    /** X L. */
    private INDArray projected(INDArray left) {
        INDArray projected = columns(left);
        patches.each((first, count) -> Blas.gemm(
                patches.of(pictures, first, count), left, patches.rows(projected, first, count), false, false, 1, 0));
        return projected;
    }

    private INDArray columns(INDArray of) {
        return Nd4j.createUninitialized(of.dataType(), new long[] {delta.size(0), of.size(1)}, 'f');
    }

    @Override
    public INDArray columnDots(INDArray left) {
        return projected(left).muli(delta).sum(true, 0);
    }

    @Override
    public void formed(INDArray result, double keep) {
        addUp(delta, 1, result, keep);
    }

    @Override
    public WeightGradient withColumnsScaled(INDArray factors) {
        return new PatchProduct(patches, pictures, delta.dup('f').muliRowVector(factors));
    }

    @Override
    public boolean isFinite() {
        return Double.isFinite(pictures.sumNumber().doubleValue())
                && Double.isFinite(delta.sumNumber().doubleValue());
    }
}
