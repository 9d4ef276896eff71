package org.lowrank4j.gradient;

import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.update.Footprint;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * LoRA-FA (arXiv 2308.03303; the gradient as in the reference LoRA libraries): A stays as it started, and only B is
 * trained, so neither a gradient nor updater state of A exists, and of the layer's input x only x A is needed.
 *
 * <p>Between backward pass and updater the gradient of B becomes
 *
 * <pre>dB' = (1 / s^2) (A^T A + 1e-8 I)^-1 dB,   so that   s A dB' = P G</pre>
 *
 * where P projects on the columns of A and G = dL/dW: with plain SGD, W takes the best step within reach. The user's
 * weight decay acts on B after the step, as published.
 *
 * <p>Published with a random A; AdamW with epsilon 1e-6.
 */
public final class LoraFa implements GradientApproximation {

    @Override
    public String name() {
        return "lora-fa";
    }

    @Override
    public String defaultUpdate() {
        return "lora";
    }

    @Override
    public Footprint footprint(Footprint update, TargetWeight target, IUpdater users) {
        long r = target.rank();
        return update.withoutSidePath()
                .training(new long[] {r, target.outputs()})
                .plus("r^2 doubles", r * r, DataType.DOUBLE);
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        Factors factors = Lora.factorsOf(update)
                .orElseThrow(
                        () -> new LowRankException("gradient=lora-fa freezes the factor A of LoRA, so it serves only"
                                + " update=lora; layer " + target.layer()
                                + " names another update. Leave the update out, or use"
                                + " gradient=exact."));
        return new LoraFaTarget(update, factors, target);
    }
}
