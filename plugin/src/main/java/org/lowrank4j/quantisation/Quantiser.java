package org.lowrank4j.quantisation;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Rounds a weight to the few values that its storage in a low number of bits can hold. */
public interface Quantiser {

    /**
     * The weight as it comes back from storage.
     *
     * @param weight nIn x nOut, of any floating type and finite; not changed
     * @return Q, nIn x nOut, in double, as a new array
     */
    INDArray quantised(INDArray weight);
}
