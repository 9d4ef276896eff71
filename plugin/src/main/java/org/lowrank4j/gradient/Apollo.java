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
 * APOLLO (arXiv 2412.05270, algorithm 1): SGD whose gradient G is scaled, channel by channel, as the updater scales a
 * random projection R of it.
 *
 * <pre>
 * N = updater(R)                                  R as in {@link GaLore}, with a projector of entries N(0, 1/r)
 * phi_i = ||N_i|| / (||R_i|| + 1e-8)              i: an index of the side that is not projected
 * W -= rate * sqrt(scale) * limited(phi * G)      see {@link SubspaceUpdate#limit}
 * </pre>
 *
 * <p>There is no decomposition: every {@code refresh} steps the projector is drawn anew. N is taken without the rate, and
 * without Adam's bias correction. Steps have full rank, so weight decay and clipping act as with SGD.
 *
 * <p>State: the updater's for the r x max(nIn, nOut) entries of R, the projector, one number. The gradient is as large as
 * W's. Published: rank a quarter of the width (256 for 1B parameters), refresh 200, scale 1, Adam with rate 0.01.
 */
public class Apollo implements GradientApproximation {

    private final String name;
    private final String publishedScale;
    private final boolean perChannel;

    /** For the registry. */
    public Apollo() {
        this("apollo", "1", true);
    }

    /** @param perChannel whether every index of the longer side has its own factor; else one serves all */
    Apollo(String name, String publishedScale, boolean perChannel) {
        this.name = name;
        this.publishedScale = publishedScale;
        this.perChannel = perChannel;
    }

    @Override
    public String name() {
        return name;
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
                new MethodOption("refresh", "200", "steps between two draws of the random projector"),
                new MethodOption("scale", publishedScale, "the square of every step's factor, a number above 0"));
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
        double root = Math.sqrt(options.positiveDouble("scale"));
        return new SubspaceUpdate(this, update, target, options.positiveInt("refresh")) {
            @Override
            void newSubspace(INDArray gradient, long step) {
                projector().draw(target.random("apollo projector of step " + step));
            }

            @Override
            void step(INDArray gradient, INDArray projected, INDArray updated, double rate) {
                if (perChannel) {
                    projector()
                            .scale(
                                    gradient,
                                    ratio(
                                            projector().norms(updated),
                                            projector().norms(projected)));
                } else {
                    gradient.muli(ratio(updated.norm2(), projected.norm2()));
                }
                gradient.muli(root / limit(gradient, rate));
            }
        };
    }
}
