package org.lowrank4j.gradient.exchange;

import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * EControl (arXiv 2311.05645, algorithm 2) for one worker and one matrix, with the Top-K compressor C: the K entries of
 * largest magnitude.
 *
 * <pre>
 * D = C(eta e + g - h)           the message
 * h += D,   e += g - h           with the new h
 * approximation: s += average of D
 * </pre>
 *
 * <p>h is this worker's estimate of its gradient, e what the estimates have missed so far, and s the average of all h,
 * which every worker works out for itself from the averages. Training steps with s. Small eta is safe, and theory takes
 * it proportional to K / d for d entries; with eta = 1 the error feeds back on itself and training diverges.
 *
 * <p>It starts with e = 0, and h = g sent as it is, or h = 0. Three arrays of the matrix's size.
 */
public final class EControlCompressor implements Compressor {

    private final int kept;
    private final double eta;
    private final boolean startsAtGradient;
    private final INDArray error;
    private final INDArray estimate;
    private final INDArray average;
    private final INDArray step = Nd4j.create(DataType.LONG, 1);

    /**
     * @param kept K, 1 to rows * columns
     * @param eta the share of the accumulated error in a message, above 0
     * @param startsAtGradient whether the first message is the whole gradient; else every estimate starts at 0
     */
    public EControlCompressor(DataType type, long rows, long columns, int kept, double eta, boolean startsAtGradient) {
        if (kept < 1 || kept > rows * columns) {
            throw new IllegalArgumentException(
                    "kept must be 1 to " + rows * columns + " entries of " + rows + " x " + columns + ", not " + kept);
        }
        this.kept = kept;
        this.eta = eta;
        this.startsAtGradient = startsAtGradient;
        error = Nd4j.create(type, new long[] {rows, columns}, 'f');
        estimate = Nd4j.create(type, new long[] {rows, columns}, 'f');
        average = Nd4j.create(type, new long[] {rows, columns}, 'f');
    }

    @Override
    public int rounds() {
        return 1;
    }

    @Override
    public Message compress(INDArray gradient) {
        Message message;
        if (startsAtGradient && step.data().getLong(0) == 0) {
            estimate.assign(gradient);
            message = new DenseMessage(estimate.dup('f'));
        } else {
            INDArray missing = error.mul(eta).addi(gradient).subi(estimate);
            message = TopK.of(missing, kept);
            message.addTo(estimate);
        }
        error.addi(gradient).subi(estimate);
        return message;
    }

    @Override
    public Message next(INDArray ofRound) {
        throw new IllegalStateException("a step has one round");
    }

    @Override
    public void decompress(INDArray ofRound, INDArray approximation) {
        average.addi(ofRound);
        approximation.assign(average);
        step.data().put(0, step.data().getLong(0) + 1);
    }

    /** e, h and s, and the number of steps. */
    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        state.put("error", error);
        state.put("estimate", estimate);
        state.put("average", average);
        state.put("step", step);
        return state;
    }
}
