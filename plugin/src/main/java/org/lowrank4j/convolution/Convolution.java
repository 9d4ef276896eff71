package org.lowrank4j.convolution;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The three products of one convolution. With X, the patches of the pictures, places x numbers in a patch, they are X F,
 * (X F)^T's way back D F^T added up over the pixels, and X^T D, for any number of filters F: those of the layer as well as
 * the columns of a factor. Nothing is kept from one to the next.
 *
 * <p>Filters are numbers of a patch x outputs, in any order of memory. Those of a depthwise convolution, each of which sees one
 * channel, are channels x multiplier x height x width. What has an entry for each place is outputs x examples x height x width
 * in 'c' order, and so are pictures that are written.
 */
public interface Convolution {

    /**
     * X F.
     *
     * @param result replaced
     */
    void forward(Pictures pictures, INDArray filters, INDArray result);

    /**
     * D F^T, each number added to its pixel.
     *
     * @param delta D
     * @param below of the shape of the pictures by channel; replaced
     */
    void backward(INDArray delta, INDArray filters, INDArray below);

    /**
     * result = scale X^T D + keep result.
     *
     * @param delta D
     * @param result of the shape of filters
     */
    void gradient(Pictures pictures, INDArray delta, double scale, INDArray result, double keep);
}
