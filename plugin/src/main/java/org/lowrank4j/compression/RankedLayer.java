package org.lowrank4j.compression;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.factorisation.Factorisation;
import org.lowrank4j.factorisation.RankedFactors;
import org.lowrank4j.factorisation.WholeLayer;

/**
 * A layer that can be written as two.
 *
 * @param name as rules name it
 * @param whole the layer as it is
 * @param method that decomposed it
 * @param factors what the method makes of it at each rank
 * @param ownRank the rank that the method itself gives it; null if it gives none
 */
public record RankedLayer(
        String name,
        WholeLayer whole,
        Factorisation method,
        RankedFactors factors,
        @Nullable Integer ownRank) {

    /** The largest rank at which the method takes two layers; 0 or less if it stays whole always. */
    public long largestRank() {
        return method.largestRank(whole);
    }

    /** How many numbers stand for W at a rank; 0 for the whole layer. */
    long numbers(int rank) {
        return rank == 0 ? whole.numbers() : method.numbers(whole, rank);
    }

    /** The largest rank that it can have as two. */
    int most() {
        return (int) Math.max(0, Math.min(largestRank(), factors.values().length));
    }
}
