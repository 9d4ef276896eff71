package org.lowrank4j.initialisation;

import org.lowrank4j.kind.Tokens;
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

    /**
     * Takes in one minibatch of a layer that has a token for each row. By default as the rows that they stand for, which
     * have an entry for each token that there is; what can be told from their counts should be.
     */
    default void observe(Tokens x) {
        observe(x.formed());
    }

    /** Whether more batches would not change the start, so that reading may end early. */
    default boolean settled() {
        return false;
    }
}
