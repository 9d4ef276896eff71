package org.lowrank4j.update;

import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Uniform entries around 0, as the PEFT library starts its factors: within 1 / sqrt(fan-in). */
final class Uniform {

    private Uniform() {}

    /** Draws every entry, row by row. */
    static void fill(INDArray array, double bound, Random random) {
        double[] drawn = new double[Math.toIntExact(array.length())];
        for (int i = 0; i < drawn.length; i++) {
            drawn[i] = bound * (2 * random.nextDouble() - 1);
        }
        array.assign(Nd4j.create(drawn, array.shape(), 'c').castTo(array.dataType()));
    }
}
