package org.lowrank4j.gradient;

import java.util.Optional;
import java.util.Set;
import org.lowrank4j.method.Replication;
import org.lowrank4j.update.LowRankUpdate;

/**
 * An optimiser of whole matrices in the place of the user's updater: its steps of W are made by {@link MatrixStep} of what it
 * keeps and of the gradients that it has seen, so replicas that have their gradients in common go on alike.
 */
interface MatrixOptimiser extends GradientApproximation {

    @Override
    default RunOfUpdater runOfUpdater() {
        return RunOfUpdater.NEVER;
    }

    @Override
    default Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS);
    }

    @Override
    default Optional<String> refusal(LowRankUpdate update) {
        return Needs.weight(update);
    }
}
