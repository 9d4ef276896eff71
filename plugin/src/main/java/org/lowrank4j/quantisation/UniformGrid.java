package org.lowrank4j.quantisation;

import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * LoftQ's uniform quantiser (arXiv 2310.08659, the released code): entries further than two standard deviations from the
 * mean are clipped, and all are rounded to 2^bits evenly spaced levels from the least to the greatest that is left. One
 * grid serves the whole weight.
 *
 * @param bits 2 to 8
 */
public record UniformGrid(int bits) implements Quantiser {

    private static final double CLIP_DEVIATIONS = 2;

    /** The released code widens the grid by this much after rounding. */
    private static final double WIDENING = 1e-8;

    public UniformGrid {
        if (bits < 2 || bits > 8) {
            throw new LowRankException("A uniform grid has 2 to 8 bits, and " + bits + " were asked for.");
        }
    }

    @Override
    public INDArray quantised(INDArray weight) {
        double[] entries = weight.castTo(DataType.DOUBLE).dup('f').data().asDouble();
        clip(entries);
        double least = Double.POSITIVE_INFINITY;
        double greatest = Double.NEGATIVE_INFINITY;
        for (double entry : entries) {
            least = Math.min(least, entry);
            greatest = Math.max(greatest, entry);
        }
        double span = greatest - least;
        int steps = (1 << bits) - 1;
        for (int i = 0; i < entries.length; i++) {
            double step = span > 0 ? Math.rint((entries[i] - least) / span * steps) : 0;
            entries[i] = step / steps * (span + WIDENING) + least;
        }
        return Nd4j.create(entries, weight.shape(), 'f');
    }

    private static void clip(double[] entries) {
        double mean = 0;
        for (double entry : entries) {
            mean += entry / entries.length;
        }
        double squares = 0;
        for (double entry : entries) {
            squares += (entry - mean) * (entry - mean);
        }
        double reach = CLIP_DEVIATIONS * Math.sqrt(squares / Math.max(1, entries.length - 1));
        for (int i = 0; i < entries.length; i++) {
            entries[i] = Math.max(mean - reach, Math.min(mean + reach, entries[i]));
        }
    }
}
