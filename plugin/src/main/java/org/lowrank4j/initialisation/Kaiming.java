package org.lowrank4j.initialisation;

import java.util.Random;
import org.lowrank4j.method.Factors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * LoRA's own start (arXiv 2106.09685, section 4.1, as released): B = 0, so the network starts unchanged, and A uniform
 * in [-1/sqrt(nIn), 1/sqrt(nIn)], which is what Kaiming's uniform rule with slope sqrt(5) comes to.
 *
 * <p>With B = 0 the gradient of A is exactly 0, so the first step changes only B.
 */
public final class Kaiming implements Initialisation {

    @Override
    public String name() {
        return "kaiming";
    }

    /** The bound of the uniform distribution of A, whose fan-in is nIn. */
    public static double bound(long inputs) {
        return 1 / Math.sqrt(inputs);
    }

    @Override
    public Factors start(Start start) {
        double bound = bound(start.inputs());
        Random random = start.random();
        return new Factors(
                Draws.matrix(start.inputs(), start.rank(), () -> bound * (2 * random.nextDouble() - 1)),
                Nd4j.zeros(DataType.DOUBLE, start.rank(), start.outputs()));
    }
}
