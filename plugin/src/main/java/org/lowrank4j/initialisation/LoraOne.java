package org.lowrank4j.initialisation;

import java.util.List;
import java.util.OptionalDouble;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.MethodOption;

/**
 * LoRA-One (arXiv 2502.01235 and the released code): A and B start as the best rank-r part of one step along
 * the negative gradient, which is taken: the network moves, whatever the learning rate. With -dL/dW = U S V^T (nIn x nOut),
 *
 * <pre>
 * A = U[:, :r] sqrt(S_r / (gamma sigma_1)),   B = sqrt(S_r / (gamma sigma_1)) V[:, :r]^T
 * W becomes W + s A B = W - s / (gamma sigma_1) [dL/dW]_r
 * </pre>
 *
 * <p>Nothing is subtracted: the step is taken, and its largest singular value is s / gamma whatever the size of the
 * gradient. Published with alpha 16, rank 8 and rsLoRA scaling, on 8 samples.
 *
 * <p>A gradient of rank below r, down to one of 0 that says nothing about any direction, leaves columns of A and rows of B
 * without a triplet. They start as LoRA does ({@link Kaiming}), with the row of B 0, so they move W nowhere and yet train.
 *
 * <p>Up to a shorter side of 512 the decomposition is exact; beyond it, it is randomised with the 16 power iterations of the
 * released code, and with r + 10 directions in the place of its 512, which would cost more than an exact decomposition of
 * all but very large matrices.
 */
public final class LoraOne implements Initialisation {

    private static final int OVERSAMPLING = 10;
    private static final int POWER_ITERATIONS = 16;

    @Override
    public String name() {
        return "lora-one";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("gamma", "128", "the divisor of the first step, a number above 0"),
                new MethodOption("batches", "1", "how many minibatches the gradient is averaged over, 1 or more"));
    }

    @Override
    public Need need() {
        return Need.GRADIENT;
    }

    /** 16, as in the released runs. */
    @Override
    public OptionalDouble defaultAlpha(int rank) {
        return OptionalDouble.of(16);
    }

    @Override
    public Factors start(Start start) {
        double gamma = start.options().positiveDouble("gamma");
        int rank = start.rank();
        ThinSvd svd = LeadingTriplets.of(start.gradient().neg(), rank + OVERSAMPLING, POWER_ITERATIONS, start.random());
        Factors factors = SingularFactors.leading(svd, rank, gamma * svd.singularValues()[0]);
        return DeadPairs.revived(factors, start).on(start.weight());
    }
}
