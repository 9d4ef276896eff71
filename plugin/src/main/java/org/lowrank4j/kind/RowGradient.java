package org.lowrank4j.kind;

import org.nd4j.linalg.api.ndarray.INDArray;

/** G = X^T D of all rows at once, with D at hand. */
public interface RowGradient extends WeightGradient {

    /** D, the loss by the rows that came out, rows x nOut. */
    INDArray delta();

    /**
     * X^T V.
     *
     * @param rows V, rows x k
     * @param result nIn x k
     */
    void inputsTimes(INDArray rows, double scale, INDArray result, double keep);
}
