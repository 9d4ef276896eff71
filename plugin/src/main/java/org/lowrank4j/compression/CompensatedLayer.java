package org.lowrank4j.compression;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What {@link EoraCompensation} did to one layer.
 *
 * <p>Both errors are the root of the mean, over the calibration rows, of the squared difference that the layer's
 * compressed weight makes to x W, summed over the layer's units. x is the input that the layer has once the layers before
 * it are compensated.
 *
 * @param layer its name
 * @param a A, nIn x r, in double
 * @param b B, r x nOut, in double; A B was added to the weight
 * @param errorBefore with the compressed weight
 * @param errorAfter with the weight that the network holds now
 */
public record CompensatedLayer(String layer, INDArray a, INDArray b, double errorBefore, double errorAfter) {

    /** r, at most min(nIn, nOut). */
    public int rank() {
        return (int) a.size(1);
    }
}
