package org.lowrank4j.gradient;

import java.util.List;
import java.util.Set;
import org.lowrank4j.gradient.exchange.EControlCompressor;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;

/**
 * EControl (arXiv 2311.05645): each worker sends the largest entries of what its estimate of the gradient misses, and the
 * share of past errors in that is controlled, so that training reaches the optimum of all workers even where their data
 * differ. The formulas are in {@link EControlCompressor}.
 *
 * <p>State for each tensor: three arrays of its size. A message takes K entries and their positions.
 *
 * <p>Defaults: a tenth of the entries, eta 0.001, estimates that start at the first gradient. The theory takes eta in
 * proportion to the share of entries kept.
 */
public final class EControl implements GradientApproximation {

    @Override
    public String name() {
        return "econtrol";
    }

    @Override
    public List<MethodOption> options() {
        return EControlCompressor.OPTIONS;
    }

    /** One process or several, the state follows from the gradients that all of them see. */
    @Override
    public Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS);
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        EControlCompressor.Settings settings = EControlCompressor.Settings.of(target.optionsOf(this));
        return new CompressedUpdate(
                this,
                update,
                target,
                (tensor, kept) -> settings.compressor(kept, tensor.shape()[0], tensor.shape()[1]));
    }
}
