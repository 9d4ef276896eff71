package org.lowrank4j.initialisation;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.MethodOption;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * LoRA-SB (arXiv 2411.19557 and the released code): LoRA-XS started in the best rank-r approximation of the first step that
 * Adam would take on all of W, which is taken: the network moves. With that step D = -rate * sign(dL/dW) = U S V^T (nIn x
 * nOut) and sign(0) = 0,
 *
 * <pre>A = U[:, :r],   B = V[:, :r]^T,   R = diag(S_r) / s,   W becomes W + s A R B = W + [D]_r</pre>
 *
 * <p>Nothing is subtracted: the step is taken. A and B are orthonormal, so a step of R by plain SGD moves W by s^2 times
 * the projection of full training's step, and with the published alpha = r, s = 1. A rate of 0 leaves W as it is and
 * R = 0, between the same A and B. A gradient of 0 does so too, with A and B orthonormal and otherwise arbitrary.
 *
 * <p>The published estimates use 2 to 170 samples, about one minibatch. Up to a shorter side of 512 the decomposition is
 * exact; beyond it, it is randomised with the 10 power iterations of the released code, and with 10 directions more than
 * its r, which find those r more exactly.
 */
public final class LoraSb implements Initialisation {

    private static final String UPDATER = "updater";
    private static final int OVERSAMPLING = 10;
    private static final int POWER_ITERATIONS = 10;

    @Override
    public String name() {
        return "lora-sb";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("batches", "1", "how many minibatches the gradient is averaged over, 1 or more"),
                new MethodOption(
                        "rate",
                        UPDATER,
                        "the length of the first step: updater for the learning rate of the updater's first step, or a"
                                + " number of at least 0"));
    }

    @Override
    public Need need() {
        return Need.GRADIENT;
    }

    @Override
    public Optional<String> onlyUpdate() {
        return Optional.of("lora-xs");
    }

    /** r, so that s = 1 with the standard scaling. */
    @Override
    public OptionalDouble defaultAlpha(int rank) {
        return OptionalDouble.of(rank);
    }

    @Override
    public Factors start(Start start) {
        double rate = rate(start);
        // The directions do not depend on the rate, so a rate of 0 has good ones, too.
        INDArray direction =
                Transforms.sign(start.gradient().castTo(DataType.DOUBLE), true).negi();
        ThinSvd svd = LeadingTriplets.of(direction, start.rank() + OVERSAMPLING, POWER_ITERATIONS, start.random());
        int[] leading = IntStream.range(0, start.rank()).toArray();
        INDArray values = Nd4j.createFromArray(Arrays.copyOf(svd.singularValues(), leading.length));
        return new Factors(svd.left(leading), svd.right(leading))
                .withCore(Nd4j.diag(values.muli(rate / start.scale())))
                .on(start.weight());
    }

    private static double rate(Start start) {
        if (!UPDATER.equals(start.options().text("rate"))) {
            return start.options().between("rate", 0, Double.POSITIVE_INFINITY);
        }
        double rate = start.learningRate();
        if (Double.isNaN(rate)) {
            throw new LowRankException("init=lora-sb starts layer " + start.layer() + " one step of the user's learning"
                    + " rate away, and the layer's updater has no learning rate. Set lora-sb.rate to the length of"
                    + " that step, for example lora-sb.rate=1e-4, or to 0 to leave the weight where it is.");
        }
        return rate;
    }
}
