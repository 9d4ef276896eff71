package org.lowrank4j.gradient;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.Replicable;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What stands in for dL/dW. An approximation wraps the state of the update that it serves: it may change the gradients
 * that the update computes, replace them by smaller ones, and map the updater's steps back.
 */
public interface GradientApproximation extends Replicable {

    /** The update that this approximation is published with, used when the user names none; by default all of W trains. */
    default String defaultUpdate() {
        return "full";
    }

    /** Whether the rank of the rule means anything to this approximation, whatever the update makes of it. */
    default boolean usesRank() {
        return false;
    }

    /** Whether the factor A trains, of an update that has factors; else A must not start as 0. */
    default boolean trainsA() {
        return true;
    }

    /**
     * Whether it is for hidden layers: where a rule names no layers, the first one with weights trains in full with the
     * user's updater. False by default.
     */
    default boolean hiddenOnly() {
        return false;
    }

    /**
     * Why it cannot serve an update, as part of a sentence that says what it does and what the update does not have; empty
     * if it can, as by default.
     */
    default Optional<String> refusal(LowRankUpdate update) {
        return Optional.empty();
    }

    /** What becomes of the network's updater, or of the one in its place; by default it runs on the gradient. */
    default RunOfUpdater runOfUpdater() {
        return RunOfUpdater.ON_GRADIENT;
    }

    /** How an approximation runs an updater. */
    enum RunOfUpdater {

        /** The updater runs on what the approximation makes of the gradient. */
        ON_GRADIENT,

        /** The approximation runs it itself, on part of the gradient, and makes a step of what comes out. */
        WITHIN,

        /** The approximation makes the steps itself. */
        NEVER
    }

    /**
     * Wraps the update of one target that is not refused. Called for every target first with a {@link
     * org.lowrank4j.method.Kept} that only measures, then in earnest, outside any workspace.
     *
     * @return the update itself where nothing is approximated
     */
    TargetUpdate approximate(TargetUpdate update, TargetWeight target);

    /**
     * For an approximation that looks at the gradients of all targets, and of all else that is trained, at once. By
     * default it works target by target only. Called once per network whose targets all use it.
     *
     * @param entries length of the joint gradient
     * @param type FLOAT or DOUBLE
     * @param kept where everything that it keeps is declared
     * @return null for nothing
     */
    default @Nullable NetworkGradient ofNetwork(long entries, DataType type, OptionValues options, Kept kept) {
        return null;
    }
}
