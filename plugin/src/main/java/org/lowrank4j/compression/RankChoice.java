package org.lowrank4j.compression;

import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.EnergyTruncation;

/** Which rank a layer is cut to when it is written as two. */
@FunctionalInterface
public interface RankChoice {

    /**
     * The rank of one layer, at most the number of its values; 0 leaves it whole, and so does more than its largest.
     */
    int rank(RankedLayer layer);

    /**
     * As many as are not 0 up to the rounding of single precision, sigma_1 sqrt(max(nIn, nOut)) 2^-23, so that the outputs
     * stay as they are; 1 at least.
     */
    static RankChoice exact() {
        return layer -> above(
                layer,
                layer.factors().values()[0]
                        * Math.ulp(1f)
                        * Math.sqrt(
                                Math.max(layer.whole().inputs(), layer.whole().outputs())));
    }

    /**
     * The same for all layers.
     *
     * @param rank 1 or more; a layer has no more than its matrix has singular values
     */
    static RankChoice fixed(int rank) {
        if (rank < 1) {
            throw new LowRankException("The rank " + rank + " is refused: a layer keeps 1 or more singular values.");
        }
        return layer -> Math.min(rank, layer.factors().values().length);
    }

    /**
     * A share of the rank from which on a layer stays whole, as in Greenformers; a layer of which that leaves none stays.
     *
     * @param share above 0 and below 1
     */
    static RankChoice share(double share) {
        if (!(share > 0 && share < 1)) {
            throw new LowRankException("The share " + share + " is refused: it is a part of the rank from which on a"
                    + " layer stays whole, a number above 0 and below 1.");
        }
        return layer -> (int) (share * (layer.largestRank() + 1));
    }

    /**
     * As many as hold this share of the energy, the sum of the squared values, as in Trained Rank Pruning; 1 at least.
     *
     * @param energy above 0 and at most 1
     */
    static RankChoice energy(double energy) {
        if (!(energy > 0 && energy <= 1)) {
            throw new LowRankException("The energy " + energy + " is refused: it is the share of the squared singular"
                    + " values that stays, a number above 0 and at most 1.");
        }
        return layer -> Math.max(1, EnergyTruncation.rank(layer.factors().values(), energy));
    }

    /**
     * As many as are at least this large, and 1 at least. The released code of Trained Rank Pruning cuts at 0.05, which makes
     * sense for weights that it has trained.
     *
     * @param smallest singular value that stays, above 0
     */
    static RankChoice threshold(double smallest) {
        if (!(smallest > 0) || Double.isInfinite(smallest)) {
            throw new LowRankException("The threshold " + smallest
                    + " is refused: it is the smallest singular value that stays, a number above 0.");
        }
        return layer -> above(layer, Math.nextDown(smallest));
    }

    private static int above(RankedLayer layer, double limit) {
        double[] values = layer.factors().values();
        int rank = 0;
        while (rank < values.length && values[rank] > limit) {
            rank++;
        }
        return Math.max(1, rank);
    }
}
