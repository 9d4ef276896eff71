package org.lowrank4j.tests.pages.starts;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Round-to-nearest quantisation, the plainest way to compress a weight. */
final class RoundedWeights {

    /** Bits per weight. */
    static final int BITS = 3;

    private RoundedWeights() {}

    /**
     * Rounds each column of a weight, that is the weights of one output, to 2^{@link #BITS} evenly spaced values from its
     * smallest to its largest.
     *
     * @param weight nIn x nOut, rounded in place
     */
    static void round(INDArray weight) {
        int gaps = (1 << BITS) - 1;
        for (int column = 0; column < weight.columns(); column++) {
            double least = Double.POSITIVE_INFINITY;
            double most = Double.NEGATIVE_INFINITY;
            for (int row = 0; row < weight.rows(); row++) {
                least = Math.min(least, weight.getDouble(row, column));
                most = Math.max(most, weight.getDouble(row, column));
            }
            double gap = (most - least) / gaps;
            for (int row = 0; gap > 0 && row < weight.rows(); row++) {
                double steps = Math.rint((weight.getDouble(row, column) - least) / gap);
                weight.putScalar(row, column, least + steps * gap);
            }
        }
    }
}
