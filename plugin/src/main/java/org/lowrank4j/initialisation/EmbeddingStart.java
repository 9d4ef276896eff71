package org.lowrank4j.initialisation;

import java.util.Random;
import org.lowrank4j.method.Factors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

/**
 * LoRA's start for the tables of embeddings (arXiv 2106.09685, as released and in the reference LoRA libraries), which is
 * their default: A = 0, so the network starts unchanged, and B normal with mean 0 and standard deviation 1.
 *
 * <p>With A = 0 the gradient of B is exactly 0, so the first step changes only the rows of A of the tokens that it saw, and
 * no other token ever moves.
 */
public final class EmbeddingStart implements Initialisation {

    @Override
    public String name() {
        return "embedding";
    }

    @Override
    public Factors start(Start start) {
        Random random = start.random();
        return new Factors(
                Nd4j.zeros(DataType.DOUBLE, start.inputs(), start.rank()),
                Draws.matrix(start.rank(), start.outputs(), random::nextGaussian));
    }
}
