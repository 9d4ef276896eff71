package org.lowrank4j.update;

/** An update that makes its own start of tensors beside W, from W alone. */
public non-sealed interface OwnUpdate extends LowRankUpdate {

    @Override
    default boolean usesRank() {
        return true;
    }

    @Override
    default boolean usesScale() {
        return false;
    }
}
