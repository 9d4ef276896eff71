package org.lowrank4j.update;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.Replicable;
import org.lowrank4j.method.TargetWeight;

/**
 * How a step changes a target weight W, and how the subspace of that change moves: LoRA's A B, SwitchLoRA, W itself. Every
 * update is of one kind, by what it trains and who starts that.
 */
public sealed interface LowRankUpdate extends Replicable permits StartedUpdate, OwnUpdate, WeightUpdate {

    /** The numerator of the scale that this update is published with, used when the user names none; 8 as in PEFT. */
    default double defaultAlpha() {
        return 8;
    }

    /** Whether the rank of the rule means anything to this update; where it does not, it may be above min(nIn, nOut). */
    boolean usesRank();

    /** Whether the scale s, and so alpha, means anything to this update. */
    boolean usesScale();

    /**
     * The options that change where a rank for all layers is cut to what fits a small one; by default none.
     *
     * @param asked the rank for all layers
     * @param rank what it is cut to
     * @return keyed {@code method.option}
     */
    default Map<String, String> optionsForRank(int asked, int rank, OptionValues options) {
        return Map.of();
    }

    /**
     * Whether it is made for weights that nothing has trained before: in time it reaches any W, or it is published for
     * training from scratch. Others, as by default, add to a W that has learned, and learn less from one that is random.
     */
    default boolean learnsFromScratch() {
        return false;
    }

    /** The fewest inputs of a layer that it can do something with; a smaller one is left out unless the rule names it. */
    default int fewestInputs() {
        return 1;
    }

    /**
     * Why the user's constraints cannot hold for W, the effective weight, after every step, as part of a sentence; empty if
     * they can, as by default. Then W may be another at the beginning of a step than the last one left it.
     */
    default Optional<String> constraintRefusal() {
        return Optional.empty();
    }

    /**
     * Why no second derivative can be taken along its tensors, as part of a sentence; empty if it can, as by default: the
     * gradients of its tensors are the derivatives of the loss by them, and an updater may keep what it likes.
     */
    default Optional<String> curvatureRefusal() {
        return Optional.empty();
    }

    /**
     * The names of its tensors that may have few bits: factors that only {@link TargetUpdate#move} changes once they have
     * started, and whose product starts at 0 or as a part of W. By default none.
     */
    default Set<String> factors() {
        return Set.of();
    }

    /**
     * Makes the state of one target. Called for every target first with a {@link org.lowrank4j.method.Kept} that only
     * measures, then in earnest, outside any workspace; everything that the state keeps is allocated here, in {@link
     * TargetWeight#kept()}.
     */
    TargetUpdate attach(TargetWeight target);
}
