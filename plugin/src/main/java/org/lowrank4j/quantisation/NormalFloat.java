package org.lowrank4j.quantisation;

import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The NormalFloat of QLoRA (arXiv 2305.14314, section 3 and appendix E), in the widths that LoftQ's released code makes of
 * it: each block of entries is divided by its largest magnitude and rounded to the nearest of 2^bits levels, which are
 * quantiles of the normal distribution.
 *
 * <p>Blocks follow the weight as the literature stores it, nOut x nIn row by row, so a block lies within the weights of
 * one output wherever nIn is a multiple of it. The last block may be shorter.
 *
 * @param bits 2, 3 or 4
 * @param block entries per block, at least 1; 64 is published
 */
public record NormalFloat(int bits, int block) implements Quantiser {

    private static final int FEWEST_BITS = 2;

    /**
     * From 2 bits on. With n = 2^(bits - 1): 0, Phi^-1 at n evenly spaced probabilities from 0.9677083 towards 1/2 and,
     * negated, at n - 1 such ones; all divided by the largest. Only with one level fewer on a side is there room for an
     * exact 0.
     */
    private static final double[][] LEVELS = {
        {-1.0, 0.0, 0.33791519352165506, 1.0},
        {
            -1.0,
            -0.478629160115911,
            -0.21714181782574396,
            0.0,
            0.1609301727049362,
            0.33791519352165506,
            0.5626169700752374,
            1.0
        },
        {
            -1.0,
            -0.69619289060372,
            -0.5250730386952291,
            -0.3949174906993099,
            -0.2844413576181077,
            -0.18477343519288886,
            -0.09104999214427946,
            0.0,
            0.07958032909416937,
            0.16093017270493618,
            0.2461122939299359,
            0.33791519352165506,
            0.44070980241319013,
            0.562616970075237,
            0.7229567278928821,
            1.0
        }
    };

    public NormalFloat {
        if (bits < FEWEST_BITS || bits - FEWEST_BITS >= LEVELS.length) {
            throw new LowRankException("A NormalFloat has 2, 3 or 4 bits, and " + bits + " were asked for.");
        }
        if (block < 1) {
            throw new LowRankException("A block has at least 1 entry, and " + block + " were asked for.");
        }
    }

    /** The 2^bits levels, smallest first, for a block whose largest magnitude is 1. */
    public double[] levels() {
        return LEVELS[bits - FEWEST_BITS].clone();
    }

    @Override
    public INDArray quantised(INDArray weight) {
        double[] levels = levels();
        // Column by column: the rows of the weight's transpose.
        double[] entries = weight.castTo(DataType.DOUBLE).dup('f').data().asDouble();
        for (long from = 0; from < entries.length; from += block) {
            quantise(entries, (int) from, (int) Math.min(from + block, entries.length), levels);
        }
        return Nd4j.create(entries, weight.shape(), 'f');
    }

    private static void quantise(double[] entries, int from, int to, double[] levels) {
        double largest = 0;
        for (int i = from; i < to; i++) {
            largest = Math.max(largest, Math.abs(entries[i]));
        }
        for (int i = from; i < to && largest > 0; i++) {
            entries[i] = nearest(entries[i] / largest, levels) * largest;
        }
    }

    private static double nearest(double value, double[] levels) {
        double nearest = levels[0];
        for (double level : levels) {
            if (Math.abs(value - level) < Math.abs(value - nearest)) {
                nearest = level;
            }
        }
        return nearest;
    }
}
