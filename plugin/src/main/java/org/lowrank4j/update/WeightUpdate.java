package org.lowrank4j.update;

import org.lowrank4j.method.TargetWeight;

/** An update that trains W itself. The user's constraints on W are those of stock training. */
public non-sealed interface WeightUpdate extends LowRankUpdate {

    @Override
    default boolean usesRank() {
        return false;
    }

    @Override
    default boolean usesScale() {
        return false;
    }

    @Override
    default boolean learnsFromScratch() {
        return true;
    }

    @Override
    WeightTarget attach(TargetWeight target);
}
