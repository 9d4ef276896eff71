package org.lowrank4j.convolution;

import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Filters of one pixel, whose patches are the pictures themselves. */
final class PixelConvolution implements Convolution {

    @Override
    public void forward(Pictures pictures, INDArray filters, INDArray result) {
        Blas.gemm(Pictures.perPlace(pictures.byChannel()), filters, Pictures.perPlace(result), false, false, 1, 0);
    }

    @Override
    public void backward(INDArray delta, INDArray filters, INDArray below) {
        Blas.gemm(Pictures.perPlace(delta), filters, Pictures.perPlace(below), false, true, 1, 0);
    }

    @Override
    public void gradient(Pictures pictures, INDArray delta, double scale, INDArray result, double keep) {
        Blas.gemm(Pictures.perPlace(pictures.byChannel()), Pictures.perPlace(delta), result, true, false, scale, keep);
    }
}
