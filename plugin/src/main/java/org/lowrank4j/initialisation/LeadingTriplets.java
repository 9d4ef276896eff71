package org.lowrank4j.initialisation;

import java.util.Random;
import org.lowrank4j.decomposition.RandomisedSvd;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The leading singular triplets of a matrix: exact up to a shorter side of 512, randomised beyond. */
final class LeadingTriplets {

    /** Below this shorter side an exact decomposition costs less than is worth saving. */
    private static final int EXACT_UP_TO = 512;

    private LeadingTriplets() {}

    /**
     * Decomposes a matrix.
     *
     * @param directions how many the randomised decomposition follows, more than the triplets that are wanted
     * @param powerIterations of the randomised decomposition
     * @param random used only by the randomised decomposition
     * @return all triplets, or that many
     */
    static ThinSvd of(INDArray matrix, int directions, int powerIterations, Random random) {
        int shorter = (int) Math.min(matrix.size(0), matrix.size(1));
        return shorter <= EXACT_UP_TO || directions >= shorter
                ? ThinSvd.of(matrix)
                : RandomisedSvd.of(matrix, directions, powerIterations, random);
    }
}
