package org.lowrank4j.update;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The state of an update that moves everything that a network trains at once. The user's updater does not see the D trained
 * entries, but a vector of fewer numbers in their place, and keeps its state for those alone. A step goes through {@link
 * #pullBack}, the user's updater on its result, and {@link #step} with what the updater made of it.
 *
 * <p>Holds arrays, never the network or a layer.
 */
public interface NetworkUpdate {

    /** How many numbers the user's updater trains in the place of the entries. */
    int numbers();

    /**
     * Turns a gradient of the entries into one of the numbers. The gradient has been divided by the minibatch size and
     * normalised, and has the l1 and l2 terms of the entries in it. Called a second time in a step, with what weight decay
     * adds to the steps of the entries, where there is weight decay.
     *
     * @param gradient all trained entries in a fixed order, without running statistics
     * @param result one entry for each number; overwritten
     */
    void pullBack(INDArray gradient, INDArray result);

    /**
     * Moves the numbers by what the updater made of their gradient, and says how the entries follow.
     *
     * @param step is subtracted from the numbers
     * @param result what is to be subtracted from the entries, in their order; overwritten
     */
    void step(INDArray step, INDArray result);
}
