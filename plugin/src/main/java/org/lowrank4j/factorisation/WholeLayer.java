package org.lowrank4j.factorisation;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A layer x -&gt; x W + b before it is written as two.
 *
 * @param weight W, nIn x nOut, in double; of a convolution a row is (channel, y, x)
 * @param bias b, 1 x nOut, in double; null for a layer without one
 * @param filterSize height times width of a convolution's filters, 1 for other layers
 * @param moments of its outputs; null where nobody asked for them
 * @param squaredGradients the sum over each row of W of the mean square of dL/dW over examples, nIn x 1; null where nobody
 *     asked for them
 */
public record WholeLayer(
        INDArray weight,
        @Nullable INDArray bias,
        long filterSize,
        @Nullable OutputMoments moments,
        @Nullable INDArray squaredGradients) {

    /** One of which nothing else is known. */
    public static WholeLayer of(INDArray weight) {
        return new WholeLayer(weight, null, 1, null, null);
    }

    /** nIn. */
    public long inputs() {
        return weight.size(0);
    }

    /** nOut. */
    public long outputs() {
        return weight.size(1);
    }

    /** Of W. */
    public long numbers() {
        return weight.length();
    }
}
