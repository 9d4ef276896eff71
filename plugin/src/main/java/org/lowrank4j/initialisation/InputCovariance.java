package org.lowrank4j.initialisation;

import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The second moment C = mean of X^T X over the minibatches X of one layer's inputs, as {@link Corda} needs it: nIn x nIn
 * doubles, neither centred nor divided by rows.
 */
public final class InputCovariance implements InputStatistics {

    /** What a minibatch is divided by before it is added. */
    enum Normalisation {
        /**
         * The magnitude of its largest entry, with the sign taken into account only when looking for it, as published code
         * does. Where that entry is 0, the largest magnitude takes its place.
         */
        MAX,
        /** Nothing. */
        NONE
    }

    /** Beyond this no array of doubles can be decomposed. */
    private static final long MOST_INPUTS = (long) Math.sqrt(Integer.MAX_VALUE - 8);

    private final String layer;
    private final Normalisation normalisation;
    private final SecondMoment divided;
    private long minibatches;

    /**
     * No inputs yet.
     *
     * @param layer its name, for messages
     * @param inputs nIn
     */
    InputCovariance(String layer, long inputs, Normalisation normalisation) {
        if (inputs > MOST_INPUTS) {
            throw new LowRankException("corda keeps a matrix of nIn x nIn doubles, and layer " + layer + " has nIn = "
                    + inputs + "; the limit is " + MOST_INPUTS + ". Choose another initialisation for this layer.");
        }
        this.layer = layer;
        this.normalisation = normalisation;
        this.divided = new SecondMoment(inputs);
    }

    @Override
    public void observe(INDArray x) {
        if (x.isEmpty()) {
            return;
        }
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            INDArray exact = x.castTo(DataType.DOUBLE);
            if (!Double.isFinite(exact.norm1Number().doubleValue())) {
                throw new LowRankException("corda cannot use the inputs of layer " + layer + ": minibatch "
                        + (minibatches + 1) + " of calibration has entries that are NaN or infinite. Check the data and"
                        + " the weights of the layers below.");
            }
            divided.observe(exact.div(divisor(exact)));
            minibatches++;
        }
    }

    private double divisor(INDArray x) {
        if (normalisation == Normalisation.NONE) {
            return 1;
        }
        double largest = Math.abs(x.maxNumber().doubleValue());
        double divisor = largest > 0 ? largest : x.normmaxNumber().doubleValue();
        // A minibatch of zeros adds nothing, whatever it is divided by.
        return divisor > 0 ? divisor : 1;
    }

    /** How many rows of inputs were seen. */
    public long rows() {
        return divided.rows();
    }

    /**
     * C.
     *
     * @return nIn x nIn in double, a new array
     * @throws LowRankException if no row was seen
     */
    public INDArray covariance() {
        if (minibatches == 0) {
            throw new LowRankException("corda needs the inputs of layer " + layer + ", and calibration read none. Check"
                    + " that the iterator has a minibatch with at least one step that no mask hides.");
        }
        return divided.mean().muli((double) rows() / minibatches);
    }
}
