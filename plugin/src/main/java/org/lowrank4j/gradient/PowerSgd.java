package org.lowrank4j.gradient;

import java.util.List;
import java.util.Set;
import org.lowrank4j.gradient.exchange.PowerSgdCompressor;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.WeightTarget;

/**
 * PowerSGD (arXiv 1905.13727): the gradient of each trained tensor is replaced by an approximation of low rank that is
 * cheap to average over workers, with error feedback. The formulas are in {@link PowerSgdCompressor}. The user's updater,
 * and so momentum, comes after it.
 *
 * <p>State for a tensor n x m: the error, n m entries, and the query, n r. A message takes r (n + m) entries.
 *
 * <p>Published: rank 1 to 4, and in the released library compression from step 100 on, of tensors whose messages are at
 * most half as large. Under {@code update=full} the rank is the rule's.
 */
public final class PowerSgd implements GradientApproximation {

    @Override
    public String name() {
        return "powersgd";
    }

    @Override
    public boolean usesRank() {
        return true;
    }

    @Override
    public List<MethodOption> options() {
        return PowerSgdCompressor.OPTIONS;
    }

    /** One process or several, the state follows from the gradients that all of them see. */
    @Override
    public Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS);
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        PowerSgdCompressor.Settings settings = PowerSgdCompressor.Settings.of(target.optionsOf(this));
        int rank = update instanceof WeightTarget ? target.rank() : 1;
        return new CompressedUpdate(
                this,
                update,
                target,
                (tensor, kept) -> settings.compressor(
                        kept,
                        tensor.shape()[0],
                        tensor.shape()[1],
                        rank,
                        target.random("powersgd query of " + tensor.name())));
    }
}
