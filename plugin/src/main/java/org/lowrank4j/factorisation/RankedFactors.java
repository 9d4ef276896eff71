package org.lowrank4j.factorisation;

import java.util.Arrays;
import java.util.function.IntFunction;

/**
 * What a method makes of a layer, at every rank.
 *
 * @param values one for each rank, largest first: the sum of the squares from the k-th on is the squared error that the
 *     method makes least at rank k. Singular values of a weight, or standard deviations of outputs
 * @param at the two layers at a rank from 1 to the number of values
 */
public record RankedFactors(double[] values, IntFunction<Split> at) {

    /** The squared error at a rank, as a share of that at rank 0; 0 where all is 0. */
    public double error(int rank) {
        double all = squares(0);
        return all == 0 ? 0 : squares(rank) / all;
    }

    private double squares(int from) {
        return Arrays.stream(values, from, values.length)
                .map(value -> value * value)
                .sum();
    }
}
