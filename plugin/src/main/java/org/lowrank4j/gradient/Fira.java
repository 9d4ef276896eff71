package org.lowrank4j.gradient;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Fira (arXiv 2410.01623, algorithm 1): GaLore's step in a subspace of rank r, plus what GaLore leaves out of the gradient
 * G, scaled as the updater scales what it sees.
 *
 * <pre>
 * N = updater(R)                                            R, back(R) as in {@link GaLore}
 * phi_i = ||N_i|| / (||R_i|| + 1e-8)                        i: an index of the side that is not projected
 * S = limited(phi * (G - back(R)))                          see {@link SubspaceUpdate#limit}
 * W -= rate * (scale * back(N) + S)
 * </pre>
 *
 * <p>The residual is the paper's; the released code multiplies back(R) by {@code scale} in it, which differs for scales
 * other than 1. N is taken without the rate, and without Adam's bias correction.
 *
 * <p>State: the updater's for the r x max(nIn, nOut) entries of R, the projector, one number. The gradient is as large as
 * W's. Published: rank 128 for 60M parameters and up, refresh 200, scale 0.25, Adam with rate 0.01 and epsilon 1e-6.
 */
public final class Fira implements GradientApproximation {

    @Override
    public String name() {
        return "fira";
    }

    @Override
    public boolean usesRank() {
        return true;
    }

    @Override
    public RunOfUpdater runOfUpdater() {
        return RunOfUpdater.WITHIN;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("refresh", "200", "steps between two decompositions of the gradient"),
                new MethodOption("scale", "0.25", "the factor of every step within the subspace, a number above 0"));
    }

    /** {@inheritDoc} The subspace is of the gradient that they have in common. */
    @Override
    public Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS);
    }

    @Override
    public Optional<String> refusal(LowRankUpdate update) {
        return Needs.weight(update);
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        double scale = options.positiveDouble("scale");
        return new SubspaceUpdate(this, update, target, options.positiveInt("refresh")) {
            @Override
            void newSubspace(INDArray gradient, long step) {
                projector().find(gradient);
            }

            @Override
            void step(INDArray gradient, INDArray projected, INDArray updated, double rate) {
                Projector projector = projector();
                projector.addBack(projected, -1, gradient);
                projector.scale(gradient, ratio(projector.norms(updated), projector.norms(projected)));
                gradient.divi(limit(gradient, rate));
                projector.addBack(updated, scale, gradient);
            }
        };
    }
}
