package org.lowrank4j.gradient;

import java.util.List;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.update.Footprint;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * APOLLO-Mini (arXiv 2412.05270): {@link Apollo} with one factor for the whole gradient,
 *
 * <pre>phi = ||N|| / (||R|| + 1e-8)</pre>
 *
 * <p>so that rank 1 is enough: with Adam its state is 2 max(nIn, nOut) entries and the projector of min(nIn, nOut).
 * Published: rank 1, scale 128, and the rest as in {@link Apollo}. The rank is the rule's; write {@code rank=1}.
 */
public final class ApolloMini implements GradientApproximation {

    @Override
    public String name() {
        return "apollo-mini";
    }

    @Override
    public boolean usesRank() {
        return true;
    }

    @Override
    public List<MethodOption> options() {
        return Apollo.options("128");
    }

    @Override
    public String defaultUpdate() {
        return "full";
    }

    @Override
    public Footprint footprint(Footprint update, TargetWeight target, IUpdater users) {
        return SubspaceUpdate.footprint(update, target, users);
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        return new ApolloTarget(
                this, update, target, options.positiveInt("refresh"), options.positiveDouble("scale"), false);
    }
}
