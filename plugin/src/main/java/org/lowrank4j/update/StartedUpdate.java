package org.lowrank4j.update;

/** An update with factors A (nIn x r) and B (r x nOut) that an {@link org.lowrank4j.initialisation.Initialisation} starts. */
public sealed interface StartedUpdate extends LowRankUpdate permits FactorUpdate, CoreUpdate {

    /** The initialisation that this update is published with, used when the user names none. */
    String defaultInitialisation();

    @Override
    default boolean usesRank() {
        return true;
    }

    @Override
    default boolean usesScale() {
        return true;
    }
}
