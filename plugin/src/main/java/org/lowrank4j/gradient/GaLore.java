package org.lowrank4j.gradient;

import java.util.List;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.update.Footprint;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * GaLore (arXiv 2403.03507, algorithm 2 and the released code): all of W is trained, but the updater and its state live
 * in a subspace of rank r of the gradient G = dL/dW, found anew every {@code refresh} steps.
 *
 * <pre>
 * nIn &gt; nOut:   R = G Q,    W -= scale * updater(R) Q^T    Q: the r leading right singular vectors, nOut x r
 * otherwise:  R = P^T G,  W -= scale * P updater(R)      P: the r leading left singular vectors, nIn x r
 * </pre>
 *
 * <p>The updater's state is kept as it is when the subspace changes; the fixed signs of the decomposition keep the
 * directions of old and new comparable. G itself is only formed on the steps that look for a new subspace.
 *
 * <p>Vectors have no subspace: biases that train ({@code bias=all} trains them all, as published) get the plain updater.
 * Each layer may have its own rank. At full rank, SGD is what it is without GaLore; Adam is Adam in rotated axes.
 *
 * <p>State: the updater's for the r x max(nIn, nOut) entries of R, and the projector. The published learning rate is 0.01
 * with Adam (epsilon 1e-6), because {@code scale} multiplies it; published ranks are 128 for 60M parameters and up.
 */
public final class GaLore implements GradientApproximation {

    @Override
    public String name() {
        return "galore";
    }

    @Override
    public boolean usesRank() {
        return true;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("refresh", "200", "steps between two decompositions of the gradient"),
                new MethodOption("scale", "0.25", "the factor of every step, a number above 0"),
                new MethodOption(
                        "side",
                        "shorter",
                        "the side of W that is projected: shorter (the inputs of a square W), longer, inputs or"
                                + " outputs"));
    }

    @Override
    public String defaultUpdate() {
        return "full";
    }

    @Override
    public Footprint footprint(Footprint update, TargetWeight target, IUpdater users) {
        ProjectedSide side = target.optionsOf(this).choice("side", ProjectedSide.class);
        return Projector.footprint(update.training(Projector.projectedShape(target, side)), target, side)
                .plusCounters(1);
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        if (!FullWeight.isPlain(update)) {
            throw new LowRankException("gradient=galore does all of the training of W in a subspace, so it serves only"
                    + " update=full; layer " + target.layer()
                    + " names another update. Leave the update out, or use gradient=exact.");
        }
        OptionValues options = target.optionsOf(this);
        return new GaLoreTarget(
                target,
                options.choice("side", ProjectedSide.class),
                options.positiveInt("refresh"),
                options.positiveDouble("scale"));
    }
}
