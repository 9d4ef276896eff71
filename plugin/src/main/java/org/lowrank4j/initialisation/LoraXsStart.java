package org.lowrank4j.initialisation;

import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Factors;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * LoRA-XS's own start (arXiv 2405.17604, section 3, and the released code): A and B are the r leading singular triplets of
 * W, and R is next to nothing. With W = U S V^T (nIn x nOut),
 *
 * <pre>A = U[:, :r] S_r,   B = V[:, :r]^T,   R normal with standard deviation 1e-5</pre>
 *
 * <p>Nothing is subtracted from W, so the network starts moved by s A R B, about 1e-5 of W's leading part.
 *
 * <p>Up to a shorter side of 512 the decomposition is exact, beyond it randomised with r + 10 directions and 10 power
 * iterations, as in the released code.
 */
public final class LoraXsStart implements Initialisation {

    private static final double DEVIATION = 1e-5;
    private static final int OVERSAMPLING = 10;
    private static final int POWER_ITERATIONS = 10;

    @Override
    public String name() {
        return "lora-xs";
    }

    @Override
    public Optional<String> onlyUpdate() {
        return Optional.of("lora-xs");
    }

    @Override
    public Factors start(Start start) {
        Random random = start.random();
        int rank = start.rank();
        ThinSvd svd = LeadingTriplets.of(start.weight(), rank + OVERSAMPLING, POWER_ITERATIONS, random);
        int[] leading = IntStream.range(0, rank).toArray();
        INDArray values = Nd4j.createFromArray(Arrays.copyOf(svd.singularValues(), rank));
        return new Factors(svd.left(leading).muliRowVector(values), svd.right(leading))
                .withCore(Draws.matrix(rank, rank, () -> DEVIATION * random.nextGaussian()))
                .on(start.weight());
    }
}
