package org.lowrank4j.gradient;

import java.util.List;
import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.update.Footprint;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * LoRA-Pro (arXiv 2407.18242, theorems 2.1 to 2.3 and the released code): the gradients of A and B are replaced by those
 * with which W moves as close to the full gradient G = dL/dW as A and B allow:
 *
 * <pre>
 * dA' = (1 / s^2) dA (B B^T)^-1 + A X
 * dB' = (1 / s^2) (A^T A)^-1 dB (I - B^T (B B^T)^-1 B) - X B
 * A^T A X + X B B^T = -(1 / s^2) A^T dA (B B^T)^-1
 * s (A dB' + dA' B) = G - (I - P_A) G (I - P_B)
 * </pre>
 *
 * <p>P_A projects on the columns of A, P_B on the rows of B. X does not change how W moves; this one keeps dA' and dB' near
 * dA and dB. Both inverses are of the matrix plus damping times the identity, so B = 0 at the start needs no special
 * case. All of this runs in double on matrices with a side of r.
 *
 * <p>The released code has two modes:
 *
 * <ul>
 *   <li>{@code efficient}, its default: the user's updater, whichever it is, works on dA' and dB'. State and gradients are
 *       as small as LoRA's.
 *   <li>{@code full}: Adam works on the equivalent gradient s (A dB' + dA' B), with both moments as large as W, and its
 *       step is split into steps of A and B by the same rule. The layer's updater must be Adam, whose rate, betas and
 *       epsilon are used. This keeps three more arrays of the size of W, which is <em>more</em> than full training's
 *       updater state, and two of them are saved.
 * </ul>
 *
 * <p>Published with alpha 16, rank 8.
 */
public final class LoraPro implements GradientApproximation {

    /** Where Adam's moments live. */
    enum Mode {
        EFFICIENT,
        FULL
    }

    @Override
    public String name() {
        return "lora-pro";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "mode",
                        "efficient",
                        "efficient: the layer's updater works on the new gradients of A and B; full: Adam works in the"
                                + " space of W, with three arrays of W's size"),
                new MethodOption(
                        "damping", "1e-8", "what is added to the diagonals before inversion, a number above 0"));
    }

    @Override
    public String defaultUpdate() {
        return "lora";
    }

    @Override
    public Footprint footprint(Footprint update, TargetWeight target, IUpdater users) {
        long size = target.inputs() * target.outputs();
        return target.optionsOf(this).choice("mode", Mode.class) == Mode.EFFICIENT
                ? update.withoutSidePath()
                : update.withoutSidePath()
                        .plus("3 n m", 3 * size, target.dataType())
                        .plusCounters(1);
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        Factors factors = Lora.factorsOf(update)
                .orElseThrow(
                        () -> new LowRankException("gradient=lora-pro replaces the gradients of LoRA's A and B, so it"
                                + " serves only update=lora; layer " + target.layer()
                                + " names another update. Leave the update"
                                + " out, or use gradient=exact."));
        OptionValues options = target.optionsOf(this);
        double damping = options.positiveDouble("damping");
        return switch (options.choice("mode", Mode.class)) {
            case EFFICIENT -> new LoraProTarget(update, factors, target, damping);
            case FULL -> new LoraProFullTarget(update, factors, target, damping);
        };
    }
}
