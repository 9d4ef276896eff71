package org.lowrank4j.initialisation;

import org.lowrank4j.method.Method;

/**
 * How the factors A (nIn x r) and B (r x nOut) of a target weight start.
 *
 * <p>The weight that the network holds is always the effective one, so a start that the literature writes as
 * "W' = W - s A B, then train A and B" needs no change of W here: only {@link #movesWeight()} starts change it.
 */
public interface Initialisation extends Method {

    /** What this start must know besides W. */
    enum Need {
        /** W and a random generator are enough. */
        WEIGHT,
        /** dL/dW of the first minibatch, averaged over its examples. */
        GRADIENT
    }

    /** What {@link #start} will read; the engine provides nothing else. */
    default Need need() {
        return Need.WEIGHT;
    }

    /**
     * Whether the effective weight becomes W + s A B at the start. False keeps the network's function unchanged, with
     * the base implicitly W - s A B.
     */
    default boolean movesWeight() {
        return false;
    }

    /** Computes the starting factors. May return arrays of any floating type; the engine copies them. */
    Factors start(Start start);
}
