package org.lowrank4j.engine;

import org.nd4j.linalg.api.ndarray.INDArray;

/** What a step of a network has in common with the steps of its replicas. */
interface Exchanging {

    /** Of a network that trains alone. */
    Exchanging NOTHING = new Exchanging() {};

    /**
     * Takes what others have sent before a step.
     *
     * @param steps receives it
     * @return false for nothing
     */
    default boolean pending(INDArray steps) {
        return false;
    }

    /** Whether {@link #gradients} changes anything. */
    default boolean exchangesGradients() {
        return false;
    }

    /**
     * Exchanges the gradients of a step; waits for the others.
     *
     * @param gradient the mean over this replica's minibatch; becomes what it goes on with
     * @param examples in this minibatch
     * @return examples in all minibatches
     */
    default int gradients(INDArray gradient, int examples) {
        return examples;
    }

    /**
     * Exchanges steps; may wait for the others.
     *
     * @param steps this replica's; become what it goes on with
     * @param own whether this replica has one to take
     * @return whether there is a step to take now
     */
    default boolean steps(INDArray steps, boolean own, int iteration, int epoch) {
        return own;
    }
}
