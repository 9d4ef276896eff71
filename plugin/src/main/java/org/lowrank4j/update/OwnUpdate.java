package org.lowrank4j.update;

import java.util.Set;
import org.lowrank4j.method.Replication;

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

    /** By default W moves by a function of the trained tensors and of what the start left, so replicas may have these in common. */
    @Override
    default Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS, Replication.STEPS, Replication.VALUES);
    }
}
