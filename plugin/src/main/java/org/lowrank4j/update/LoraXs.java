package org.lowrank4j.update;

import java.util.List;
import org.lowrank4j.method.MethodOption;

/**
 * LoRA-XS (arXiv 2405.17604, section 3, and the released code): W moves by s A R B, and only R (r x r) is trained. A and B
 * stay as an initialisation started them:
 *
 * <pre>dR = s (x A)^T (delta B^T)</pre>
 *
 * <p>{@link org.lowrank4j.initialisation.LoraXsStart} takes them from W, {@link org.lowrank4j.initialisation.LoraSb} from
 * the first gradient. Trained numbers and updater state are r^2 for each layer, whatever its size; A and B are kept and
 * saved, because they cannot be found again once W has moved. Published with alpha 16 and with alpha = r, and with
 * learning rates 10 to 40 times those of LoRA.
 *
 * <p>With the option core-gradient=equivalent the updater gets
 *
 * <pre>(1 / s^2) (A^T A)^-1 dR (B B^T)^-1</pre>
 *
 * <p>instead (arXiv 2411.19557), with which a step of plain SGD moves W by the projection of full training's step on A and
 * B, for any s. For LoRA-SB's orthonormal A and B this is dR / s^2, which is dR itself with its published s = 1. Inverses
 * of dependent columns or rows are pseudo-inverses. It keeps two more arrays of the sizes of A and B.
 */
public final class LoraXs implements LowRankUpdate {

    /** What the updater gets for R. */
    enum CoreGradient {
        PLAIN,
        EQUIVALENT
    }

    @Override
    public String name() {
        return "lora-xs";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(new MethodOption(
                "core-gradient",
                "plain",
                "plain: dL/dR; equivalent: the gradient of R with which W moves most like dL/dW"));
    }

    @Override
    public String defaultInitialisation() {
        return "lora-xs";
    }

    /** 16, as in the released runs on classification tasks. */
    @Override
    public double defaultAlpha() {
        return 16;
    }

    @Override
    public Footprint footprint(TargetWeight target) {
        long n = target.inputs();
        long m = target.outputs();
        long r = target.rank();
        Footprint plain =
                Footprint.of(new long[] {r, r}).plus("r (2 n + m) + r^2", r * (2 * n + m) + r * r, target.dataType());
        return isEquivalent(target) ? plain.plus("r (n + m)", r * (n + m), target.dataType()) : plain;
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new LoraXsTarget(name(), target, isEquivalent(target));
    }

    private boolean isEquivalent(TargetWeight target) {
        return target.optionsOf(this).choice("core-gradient", CoreGradient.class) == CoreGradient.EQUIVALENT;
    }
}
