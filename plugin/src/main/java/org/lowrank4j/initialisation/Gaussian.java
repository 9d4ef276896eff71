package org.lowrank4j.initialisation;

import java.util.Random;
import org.lowrank4j.method.Factors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/** The "gaussian" start of the reference LoRA libraries: A normal with mean 0 and standard deviation 1/r, B = 0. */
public final class Gaussian implements Initialisation {

    @Override
    public String name() {
        return "gaussian";
    }

    @Override
    public Factors start(Start start) {
        double deviation = 1.0 / start.rank();
        Random random = start.random();
        return new Factors(
                Draws.matrix(start.inputs(), start.rank(), () -> deviation * random.nextGaussian()),
                Nd4j.zeros(DataType.DOUBLE, start.rank(), start.outputs()));
    }
}
