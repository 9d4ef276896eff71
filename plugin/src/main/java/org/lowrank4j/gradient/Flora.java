package org.lowrank4j.gradient;

import java.util.List;
import java.util.Random;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * Flora (arXiv 2402.03293, algorithm 2 and the released code): {@link Adafactor} with a momentum that is kept as a random
 * projection of rank r, drawn anew every {@code refresh} steps.
 *
 * <pre>
 * down(X) = X P   (P^T X where the inputs are projected),   up(Z) = Z P^T   (P Z)      entries of P: N(0, 1/r)
 * u = Adafactor's normalised gradient
 * U = (1 - momentum) u + momentum up(Z)
 * Z = momentum Z + (1 - momentum) down(u)          every refresh steps down(up(Z)) in the place of Z, by the next P
 * W -= rate * max(1e-3, RMS(W)) * U / max(1, RMS(U) / clip)
 * </pre>
 *
 * <p>The shorter side is projected, the inputs of a square W. On average over P, up(down(X)) is X; the noise of one P is as
 * large as that side over r, so small ranks want small momentum. The rate is the updater's, relative to the size of W: 0.05
 * and less.
 *
 * <p>State: r entries for each index of the longer side, the projector, and n + m entries for a weight n x m. Published:
 * refresh 1000, rank 256, clip 1, for sides that differ at most four times.
 */
public final class Flora implements MatrixOptimiser {

    /** Where the projectors come from. */
    interface Projections {

        /** Draws one into a projector. */
        void draw(Projector projector, TargetWeight target, long number);
    }

    private final Projections projections;

    /** For the registry: projectors that the target's seed tells. */
    public Flora() {
        this((projector, target, number) -> {
            Random random = target.random("flora projector " + number);
            projector.draw(random);
        });
    }

    Flora(Projections projections) {
        this.projections = projections;
    }

    @Override
    public String name() {
        return "flora";
    }

    @Override
    public boolean usesRank() {
        return true;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("refresh", "1000", "steps between two draws of the projector"),
                new MethodOption("momentum", "0.9", "the share of the past in a step, from 0 to below 1"),
                new MethodOption("clip", "1", "the largest root mean square of an update, a number above 0"),
                new MethodOption(
                        "decay", "0.8", "the second moment's rate of forgetting is t^-decay, a number above 0"));
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        return new Target(update, target, target.optionsOf(this));
    }

    private final class Target extends MatrixStep {

        private final int refresh;
        private final double momentum;
        private final double clip;
        private final NormalisedGradient normalised;
        private final Projector projector;
        private final INDArray compressed;

        Target(TargetUpdate update, TargetWeight target, OptionValues options) {
            super(update, target);
            refresh = options.positiveInt("refresh");
            momentum = options.belowOne("momentum");
            clip = options.positiveDouble("clip");
            Kept kept = target.kept().under(name());
            normalised = new NormalisedGradient(target.weight().shape(), options.positiveDouble("decay"), kept);
            projector = new Projector(target, Projector.Side.SHORTER, kept);
            compressed = kept.array("momentum", 'f', Projector.projectedShape(target, Projector.Side.SHORTER));
            kept.fill(() -> projections.draw(projector, target, 0));
        }

        @Override
        void makeDirection(INDArray gradient) {
            normalised.normalise(gradient);
            INDArray past = gradient.like();
            projector.addBack(compressed, 1, past);
            if (normalised.steps() % refresh == 0) {
                projections.draw(projector, target(), normalised.steps() / refresh);
                projector.addProjection(past, 1, compressed, 0);
            }
            projector.addProjection(gradient, 1 - momentum, compressed, momentum);
            gradient.muli(1 - momentum).addi(past.muli(momentum));
            gradient.muli(NormalisedGradient.clipped(gradient, clip));
        }

        /** In proportion to W as it is before the step. */
        @Override
        public double rate(IUpdater users, int iteration, int epoch) {
            return super.rate(users, iteration, epoch) * NormalisedGradient.size(target().weight());
        }
    }
}
