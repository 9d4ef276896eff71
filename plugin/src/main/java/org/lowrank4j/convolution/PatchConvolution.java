package org.lowrank4j.convolution;

import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Products with patches, which are made for a few examples at a time, once for each product. */
final class PatchConvolution implements Convolution {

    private final Patches patches;

    PatchConvolution(Patches patches) {
        this.patches = patches;
    }

    @Override
    public void forward(Pictures pictures, INDArray filters, INDArray result) {
        INDArray byChannel = pictures.byChannel();
        patches.each((first, count) -> Blas.gemm(
                patches.of(byChannel, first, count), filters, patches.rows(result, first, count), false, false, 1, 0));
    }

    @Override
    public void backward(INDArray delta, INDArray filters, INDArray below) {
        patches.each((first, count) -> {
            INDArray ofPatches = patches.room(count);
            Blas.gemm(patches.rows(delta, first, count), filters, ofPatches, false, true, 1, 0);
            patches.addUp(ofPatches, below, first, count);
        });
    }

    @Override
    public void gradient(Pictures pictures, INDArray delta, double scale, INDArray result, double keep) {
        INDArray byChannel = pictures.byChannel();
        patches.each((first, count) -> Blas.gemm(
                patches.of(byChannel, first, count),
                patches.rows(delta, first, count),
                result,
                true,
                false,
                scale,
                first == 0 ? keep : 1));
    }
}
