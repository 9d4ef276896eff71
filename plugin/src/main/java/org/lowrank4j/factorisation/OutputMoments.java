package org.lowrank4j.factorisation;

import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Mean and covariance of a layer's outputs x W + b, before its activation; every row weighs the same: an example, a time
 * step that no mask hides, a place of a picture. Summed in double.
 */
public final class OutputMoments {

    private final INDArray sum;
    private final INDArray products;
    private long rows;

    /** Of no rows yet, of nOut numbers each. */
    public OutputMoments(long outputs) {
        sum = Nd4j.zeros(DataType.DOUBLE, 1, outputs);
        products = Nd4j.zeros(DataType.DOUBLE, outputs, outputs);
    }

    /** Takes in outputs, rows x nOut. */
    public void observe(INDArray outputs) {
        INDArray wide = outputs.castTo(DataType.DOUBLE);
        sum.addi(wide.sum(true, 0));
        products.addi(wide.transpose().mmul(wide));
        rows += outputs.size(0);
    }

    /**
     * The mean output, 1 x nOut.
     *
     * @throws LowRankException if no row was seen, or one was not finite
     */
    public INDArray mean() {
        if (rows == 0) {
            throw new LowRankException("No output of the layer was seen: the data have no rows.");
        }
        if (!Double.isFinite(products.sumNumber().doubleValue())) {
            throw new LowRankException(
                    "The layer has outputs on the data that are NaN or infinite. Look for such values"
                            + " in the data and in the weights of the layers below.");
        }
        return sum.div(rows);
    }

    /** The covariance, nOut x nOut: the mean of (y - mean)^T (y - mean); fails as {@link #mean}. */
    public INDArray covariance() {
        INDArray mean = mean();
        return products.div(rows).subi(mean.transpose().mmul(mean));
    }
}
