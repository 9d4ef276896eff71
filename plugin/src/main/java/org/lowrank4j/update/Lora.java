package org.lowrank4j.update;

import java.util.List;
import java.util.Optional;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.method.MethodOption;

/**
 * LoRA (arXiv 2106.09685, equation 3): W moves by s A B, with A (nIn x r) and B (r x nOut) trained and s = alpha / r, or
 * alpha / sqrt(r) for rsLoRA (arXiv 2312.03732).
 *
 * <p>In the orientation y = x W the gradients are dA = s G B^T and dB = s A^T G with G = dL/dW = x^T delta.
 */
public final class Lora implements LowRankUpdate {

    /** When W is moved. */
    enum Merge {
        /** At the end of fit or when anyone looks, where that costs less; else in every step. */
        AUTO,
        /** At the end of fit or when anyone looks. */
        FIT,
        /** In every step. */
        STEP
    }

    @Override
    public String name() {
        return "lora";
    }

    @Override
    public String defaultInitialisation() {
        return "kaiming";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(new MethodOption(
                "merge",
                "auto",
                "when W moves while fit trains from an iterator: at its end or when anything asks for W (fit), in every"
                        + " step (step), or whichever costs less (auto)"));
    }

    @Override
    public Footprint footprint(TargetWeight target) {
        Footprint footprint = LoraTarget.footprint(target);
        return target.optionsOf(this).choice("merge", Merge.class) == Merge.STEP
                ? footprint
                : footprint.plusSidePath(
                        "r (2 n + m)", target.rank() * (2 * target.inputs() + target.outputs()), target.dataType());
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new LoraTarget(target, target.optionsOf(this).choice("merge", Merge.class));
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
