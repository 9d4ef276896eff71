package org.lowrank4j.engine;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.TrainingState;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/** Where a network that a rule applies to is in its life: it waits for its first step, which makes it one of the others. */
sealed interface Life {

    /**
     * Before the first step.
     *
     * @param resumed a saved state to go on from, null for none
     * @param notResumable why one that is there cannot be used, null if it can
     * @param readAhead the first minibatches of the iterator that fit was just given; empty if there is no iterator
     */
    record Waiting(
            @Nullable TrainingState resumed, @Nullable LowRankException notResumable, List<MultiDataSet> readAhead)
            implements Life {

        static final Waiting ANEW = new Waiting(null, null, List.of());

        Waiting resuming(@Nullable TrainingState state) {
            return new Waiting(state, notResumable, readAhead);
        }

        Waiting refusing(LowRankException reason) {
            return new Waiting(resumed, reason, readAhead);
        }

        Waiting with(List<MultiDataSet> batches) {
            return new Waiting(resumed, notResumable, batches);
        }
    }

    /** It trains with adapters. */
    record Adapted(Session session) implements Life {}

    /** It was decided that it trains as DL4J makes it. */
    record Stock() implements Life {}
}
