package org.lowrank4j.gradient;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.method.Method;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.update.Footprint;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * What stands in for dL/dW. An approximation wraps the state of the update that it serves: it may change the gradients
 * that the update computes, replace them by smaller ones, and map the updater's steps back.
 */
public interface GradientApproximation extends Method {

    /** The update that this approximation is published with, used when the user names none. */
    String defaultUpdate();

    /** Whether the rank of the rule means anything to this approximation, whatever the update makes of it. */
    default boolean usesRank() {
        return false;
    }

    /**
     * What {@link #approximate} will keep for a target, with what its update keeps; by default that alone. One that hides the
     * update's side path leaves that out.
     *
     * @param update what the update keeps, and the tensors that it trains
     * @param users the user's updater for W
     */
    default Footprint footprint(Footprint update, TargetWeight target, IUpdater users) {
        return update;
    }

    /**
     * Wraps the update of one target. Called once per target, outside any workspace.
     *
     * @return the update itself where nothing is approximated
     * @throws org.lowrank4j.LowRankException if this approximation cannot serve that update, with those that it can
     */
    TargetUpdate approximate(TargetUpdate update, TargetWeight target);

    /**
     * Bytes that {@link #ofNetwork} will keep; by default there is nothing.
     *
     * @param entries length of the joint gradient
     * @param type FLOAT or DOUBLE
     */
    default long networkBytes(long entries, DataType type, OptionValues options) {
        return 0;
    }

    /**
     * For an approximation that looks at the gradients of all targets, and of all else that is trained, at once. By
     * default it works target by target only. Called once per network whose targets all use it.
     *
     * @param entries length of the joint gradient
     * @param type FLOAT or DOUBLE
     * @return null for nothing
     */
    default @Nullable NetworkGradient ofNetwork(long entries, DataType type, OptionValues options) {
        return null;
    }
}
