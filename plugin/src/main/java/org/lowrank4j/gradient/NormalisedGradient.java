package org.lowrank4j.gradient;

import org.lowrank4j.method.Kept;
import org.lowrank4j.method.KeptNumber;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * The gradient of one tensor n x m over the root of its second moment, which is kept as a column of n and a row of m
 * (Adafactor, arXiv 1804.04235, algorithm 4).
 *
 * <pre>
 * q = g^2 + 1e-30,    beta_t = 1 - t^-decay                 t = 1, 2, ...
 * R = beta_t R + (1 - beta_t) mean of q over columns        n entries
 * C = beta_t C + (1 - beta_t) mean of q over rows           m entries
 * u = g / sqrt(R C / mean(R))
 * </pre>
 */
final class NormalisedGradient {

    /** Keeps a second moment away from 0. */
    private static final double SMALLEST_SQUARE = 1e-30;
    /** The RMS that a smaller tensor is taken to have. */
    private static final double SMALLEST_SIZE = 1e-3;

    private final double decay;
    private final INDArray rows;
    private final INDArray columns;
    private final KeptNumber step;

    NormalisedGradient(long[] shape, double decay, Kept kept) {
        this.decay = decay;
        rows = kept.array("rows", 'c', shape[0]);
        columns = kept.array("columns", 'c', shape[1]);
        step = kept.number("step", 0);
    }

    /** How many gradients it has seen. */
    long steps() {
        return step.get();
    }

    /**
     * Turns g into u, in place.
     *
     * @param g n x m
     */
    void normalise(INDArray g) {
        INDArray squares = g.mul(g).addi(SMALLEST_SQUARE);
        double forgotten = Math.pow(step.increment(), -decay);
        rows.muli(1 - forgotten).addi(squares.mean(1).muli(forgotten));
        columns.muli(1 - forgotten).addi(squares.mean(0).muli(forgotten));

        // 1 / sqrt(R C / mean(R)) by rows and columns, so that no product of two small numbers is formed.
        INDArray ofRows = Transforms.pow(rows.div(rows.meanNumber()), -0.5, false);
        INDArray ofColumns = Transforms.pow(columns, -0.5);
        g.muliColumnVector(ofRows.reshape(rows.length(), 1)).muliRowVector(ofColumns.reshape(1, columns.length()));
    }

    /** What brings a step to an RMS of at most the clip. */
    static double clipped(INDArray step, double clip) {
        return 1 / Math.max(1, rootMeanSquare(step) / clip);
    }

    /** The RMS of a tensor that a step is in proportion to. */
    static double size(INDArray tensor) {
        return Math.max(SMALLEST_SIZE, rootMeanSquare(tensor));
    }

    private static double rootMeanSquare(INDArray array) {
        return array.norm2Number().doubleValue() / Math.sqrt(array.length());
    }
}
