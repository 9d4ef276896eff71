package org.lowrank4j.gradient.exchange;

import org.nd4j.linalg.api.ndarray.INDArray;

/** What one worker sends in one round: numbers that are averaged over the workers. */
public interface Message {

    /** Bytes that it takes on the wire. */
    long bytes();

    /** A sum to add messages of this round to, filled with zeros. */
    INDArray zeros();

    /**
     * Adds this message to a sum.
     *
     * @param sum of the shape of {@link #zeros}
     */
    void addTo(INDArray sum);
}
