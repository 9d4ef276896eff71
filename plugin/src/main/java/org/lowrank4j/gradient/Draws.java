package org.lowrank4j.gradient;

import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Random matrices that depend only on the generator given, never on ND4J's global one. */
final class Draws {

    private Draws() {}

    /** Draws every entry from a normal distribution, row by row. */
    static void normal(INDArray matrix, double deviation, Random random) {
        for (long row = 0; row < matrix.size(0); row++) {
            for (long column = 0; column < matrix.size(1); column++) {
                matrix.putScalar(row, column, deviation * random.nextGaussian());
            }
        }
    }
}
