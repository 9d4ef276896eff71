package org.lowrank4j.gradient;

import org.nd4j.linalg.api.ndarray.INDArray;

/** The state of an approximation that looks at the gradients of everything that a network trains at once. */
public interface NetworkGradient {

    /**
     * Replaces the gradient before the updater sees it: after division by the minibatch size, normalisation, and the l1
     * and l2 terms of targets. Never called with entries that are not finite.
     *
     * @param gradient a vector of all trained entries in a fixed order, without running statistics
     */
    void replace(INDArray gradient);
}
