package org.lowrank4j.initialisation;

import org.nd4j.linalg.api.ndarray.INDArray;

/** What an initialisation keeps of one layer's inputs while calibration batches pass through the network. */
public interface InputStatistics {

    /**
     * Takes in one minibatch.
     *
     * @param x rows x nIn, what the layer multiplies by W at inference: one row per example, or per example and time step,
     *     without padded steps; to be read only, and copied if it must outlive the call
     */
    void observe(INDArray x);

    /** Whether more batches would not change the start, so that reading may end early. */
    default boolean settled() {
        return false;
    }
}
