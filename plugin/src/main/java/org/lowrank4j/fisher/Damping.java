package org.lowrank4j.fisher;

import org.lowrank4j.LowRankException;

/** The multiple of the identity without which a Fisher matrix of few gradients has no inverse. */
final class Damping {

    private Damping() {}

    static void check(double lambda) {
        if (!(lambda > 0) || Double.isInfinite(lambda)) {
            throw new LowRankException("The damping " + lambda
                    + " of a Fisher matrix is refused: it is a number above 0; 1e-5 is published.");
        }
    }
}
