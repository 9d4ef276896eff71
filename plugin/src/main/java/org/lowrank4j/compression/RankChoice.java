package org.lowrank4j.compression;

import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.EnergyTruncation;
import org.lowrank4j.decomposition.ThinSvd;

/** Which rank a layer's weight is cut to when it is written as two factors. */
@FunctionalInterface
public interface RankChoice {

    /**
     * The rank of one layer.
     *
     * @param layer its name
     * @param svd of its weight, nIn x nOut
     * @return a number of leading singular values; the layer keeps at least one
     */
    int rank(String layer, ThinSvd svd);

    /**
     * As many as are not 0 up to the rounding of single precision, sigma_1 sqrt(max(nIn, nOut)) 2^-23, so that the outputs
     * stay as they are.
     */
    static RankChoice exact() {
        return (layer, svd) -> above(
                svd,
                svd.singularValues()[0]
                        * Math.ulp(1f)
                        * Math.sqrt(Math.max(svd.u().size(0), svd.vt().size(1))));
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
        return (layer, svd) -> rank;
    }

    /**
     * As many as hold this share of the energy, the sum of the squared singular values, as in Trained Rank Pruning.
     *
     * @param energy above 0 and at most 1
     */
    static RankChoice energy(double energy) {
        if (!(energy > 0 && energy <= 1)) {
            throw new LowRankException("The energy " + energy + " is refused: it is the share of the squared singular"
                    + " values that stays, a number above 0 and at most 1.");
        }
        return (layer, svd) -> EnergyTruncation.rank(svd, energy);
    }

    /**
     * As many as are at least this large. The released code of Trained Rank Pruning cuts at 0.05, which makes sense for
     * weights that it has trained.
     *
     * @param smallest singular value that stays, above 0
     */
    static RankChoice threshold(double smallest) {
        if (!(smallest > 0) || Double.isInfinite(smallest)) {
            throw new LowRankException("The threshold " + smallest
                    + " is refused: it is the smallest singular value that stays, a number above 0.");
        }
        return (layer, svd) -> above(svd, Math.nextDown(smallest));
    }

    private static int above(ThinSvd svd, double limit) {
        int rank = 0;
        while (rank < svd.size() && svd.singularValues()[rank] > limit) {
            rank++;
        }
        return rank;
    }
}
