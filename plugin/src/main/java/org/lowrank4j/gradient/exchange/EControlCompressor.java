package org.lowrank4j.gradient.exchange;

import java.util.List;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.ndarray.INDArray;

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

    /** What users set, of an approximation and of an exchange alike. */
    public static final List<MethodOption> OPTIONS = List.of(
            new MethodOption("keep", "0.1", "the share of a tensor's entries in a message, above 0 and at most 1"),
            new MethodOption(
                    "eta", "0.001", "the share of the accumulated error in a message, a number above 0, below 1"),
            new MethodOption(
                    "first-estimate",
                    "gradient",
                    "gradient: the first gradient is sent as it is; zero: estimates start at 0"));

    /** Where the estimates start. */
    enum FirstEstimate {
        GRADIENT,
        ZERO
    }

    /**
     * The values of the options.
     *
     * @param keep the share of entries, above 0 and at most 1
     */
    public record Settings(double keep, double eta, boolean startsAtGradient) {

        /** @throws LowRankException if one is refused */
        public static Settings of(OptionValues options) {
            double keep = options.positiveDouble("keep");
            if (keep > 1) {
                throw new LowRankException("econtrol.keep=" + keep
                        + " is refused: it is the share of a tensor's entries in a message, above 0 and at most 1 (1"
                        + " sends all of them); 0.1 is the default.");
            }
            double eta = options.positiveDouble("eta");
            if (eta >= 1) {
                throw new LowRankException("econtrol.eta=" + eta
                        + " is refused: with 1 and more the error feeds back on itself and training diverges. Use a"
                        + " number above 0 and below 1, in proportion to econtrol.keep; 0.001 is the default.");
            }
            return new Settings(
                    keep, eta, options.choice("first-estimate", FirstEstimate.class) == FirstEstimate.GRADIENT);
        }

        /** A compressor of a matrix; otherwise as the constructor. */
        public EControlCompressor compressor(Kept kept, long rows, long columns) {
            int entries = Math.max(1, Math.toIntExact(Math.round(keep * rows * columns)));
            return new EControlCompressor(kept, rows, columns, entries, eta, startsAtGradient);
        }
    }

    private final int entries;
    private final double eta;
    private final boolean startsAtGradient;
    private final INDArray error;
    private final INDArray estimate;
    private final INDArray average;
    private final Kept kept;
    private final KeptNumber step;

    /**
     * @param kept where e, h, s and the number of steps are declared
     * @param entries K, 1 to rows * columns
     * @param eta the share of the accumulated error in a message, above 0
     * @param startsAtGradient whether the first message is the whole gradient; else every estimate starts at 0
     */
    public EControlCompressor(Kept kept, long rows, long columns, int entries, double eta, boolean startsAtGradient) {
        if (entries < 1 || entries > rows * columns) {
            throw new IllegalArgumentException("a message has 1 to " + rows * columns + " entries of " + rows + " x "
                    + columns + ", not " + entries);
        }
        this.entries = entries;
        this.eta = eta;
        this.startsAtGradient = startsAtGradient;
        error = kept.array("error", 'f', rows, columns);
        estimate = kept.array("estimate", 'f', rows, columns);
        average = kept.array("average", 'f', rows, columns);
        this.kept = kept;
        step = kept.number("step", 0);
    }

    @Override
    public int rounds() {
        return 1;
    }

    @Override
    public Message compress(INDArray gradient) {
        Message message;
        if (startsAtGradient && step.get() == 0) {
            estimate.assign(gradient);
            message = new DenseMessage(estimate.dup('f'));
        } else {
            INDArray missing = error.mul(eta).addi(gradient).subi(estimate);
            message = TopK.of(missing, entries);
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
        step.increment();
    }

    @Override
    public long bytes() {
        return (long) entries * (Integer.BYTES + estimate.dataType().width());
    }

    @Override
    public Kept kept() {
        return kept;
    }
}
