package org.lowrank4j.kind;

import org.lowrank4j.blas.Blas;
import org.lowrank4j.convolution.Convolution;
import org.lowrank4j.convolution.Pictures;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * G = X^T D of a convolution, whose X are the patches of its pictures: each product is one with few filters, or with the
 * deltas of few.
 *
 * @param delta D, the loss by what came out, outputs x examples x height x width in 'c' order
 * @param inputs numbers in a patch
 */
record ConvolutionGradient(Convolution convolution, Pictures pictures, INDArray delta, long inputs)
        implements WeightGradient {

    @Override
    public long outputs() {
        return delta.size(0);
    }

    @Override
    public void times(INDArray right, double scale, INDArray result, double keep) {
        convolution.gradient(pictures, seen(right), scale, result, keep);
    }

    @Override
    public void transposeTimes(INDArray left, double scale, INDArray result, double keep) {
        Blas.gemm(Pictures.perPlace(projected(left)), Pictures.perPlace(delta), result, true, false, scale, keep);
    }

    @Override
    public void between(INDArray left, INDArray right, double scale, INDArray result, double keep) {
        Blas.gemm(Pictures.perPlace(projected(left)), Pictures.perPlace(seen(right)), result, true, false, scale, keep);
    }

    /** X L. */
    private INDArray projected(INDArray left) {
        INDArray projected = columns(left);
        convolution.forward(pictures, left, projected);
        return projected;
    }

    /** D R. */
    private INDArray seen(INDArray right) {
        INDArray seen = columns(right);
        Blas.gemm(Pictures.perPlace(delta), right, Pictures.perPlace(seen), false, false, 1, 0);
        return seen;
    }

    private INDArray columns(INDArray of) {
        long[] shape = delta.shape().clone();
        shape[0] = of.size(1);
        return Nd4j.createUninitialized(of.dataType(), shape, 'c');
    }

    @Override
    public INDArray columnDots(INDArray left) {
        return Pictures.perPlace(projected(left).muli(delta)).sum(true, 0);
    }

    @Override
    public void formed(INDArray result, double keep) {
        convolution.gradient(pictures, delta, 1, result, keep);
    }

    @Override
    public WeightGradient withColumnsScaled(INDArray factors) {
        INDArray scaled = delta.dup('c');
        Pictures.perPlace(scaled).muliRowVector(factors);
        return new ConvolutionGradient(convolution, pictures, scaled, inputs);
    }

    @Override
    public boolean isFinite() {
        return Double.isFinite(pictures.asTheyAre().sumNumber().doubleValue())
                && Double.isFinite(delta.sumNumber().doubleValue());
    }
}
