package org.lowrank4j.update;

import java.util.Optional;
import org.lowrank4j.initialisation.Factors;

/**
 * LoRA (arXiv 2106.09685, equation 3): W moves by s A B, with A (nIn x r) and B (r x nOut) trained and s = alpha / r, or
 * alpha / sqrt(r) for rsLoRA (arXiv 2312.03732).
 *
 * <p>In the orientation y = x W the gradients are dA = s G B^T and dB = s A^T G with G = dL/dW = x^T delta.
 */
public final class Lora implements LowRankUpdate {

    @Override
    public String name() {
        return "lora";
    }

    @Override
    public String defaultInitialisation() {
        return "kaiming";
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new LoraTarget(target);
    }

    /**
     * The factors that an update of this method trains, for a gradient approximation that must know them: the live arrays,
     * which move with every step. Nothing for the update of another method, whose subspace may move in other ways.
     */
    public static Optional<Factors> factorsOf(TargetUpdate update) {
        return update.getClass() == LoraTarget.class
                ? Optional.of(new Factors(((LoraTarget) update).a(), ((LoraTarget) update).b()))
                : Optional.empty();
    }
}
