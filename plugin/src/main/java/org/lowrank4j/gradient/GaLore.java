package org.lowrank4j.gradient;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.lowrank4j.update.WeightTarget;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.Regularization.ApplyStep;

/**
 * GaLore (arXiv 2403.03507, algorithm 2 and the released code): all of W is trained, but the updater and its state live
 * in a subspace of rank r of the gradient G = dL/dW, found anew every {@code refresh} steps.
 *
 * <pre>
 * nIn &gt; nOut:   R = G Q,    W -= scale * updater(R) Q^T    Q: the r leading right singular vectors, nOut x r
 * otherwise:  R = P^T G,  W -= scale * P updater(R)      P: the r leading left singular vectors, nIn x r
 * </pre>
 *
 * <p>{@code galore.basis} takes another subspace than that of the leading singular vectors, of the same side:
 *
 * <ul>
 *   <li>{@code random} (GoLore, arXiv 2410.11289): any one, whatever the gradient, so that the noise of a minibatch has no say
 *       in it; published from some step on, {@code galore.random-after}. No decomposition.
 *   <li>{@code sampled} (SARA, arXiv 2502.05790): singular vectors drawn in proportion to their singular values.
 *   <li>{@code tracked} (SubTrack++, arXiv 2502.01586): the last one, turned towards the gradient by at most {@code
 *       galore.track-rate}. The decomposition is of a matrix as narrow as the rank.
 * </ul>
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

    /** What spans the subspace. */
    enum Basis {
        SVD,
        RANDOM,
        SAMPLED,
        TRACKED
    }

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
                                + " outputs"),
                new MethodOption(
                        "basis",
                        "svd",
                        "what spans the subspace: svd, random, sampled (singular vectors in proportion to their values)"
                                + " or tracked (the last one, turned towards the gradient)"),
                new MethodOption(
                        "random-after", "0", "the steps before the first random basis, which have that of svd"),
                new MethodOption(
                        "track-rate",
                        "0.5",
                        "the largest angle by which a tracked basis turns, in radians, a number above 0"));
    }

    @Override
    public Optional<String> refusal(LowRankUpdate update) {
        return Needs.weight(update);
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        return new Target((WeightTarget) update, target, options);
    }

    /** The projector of one weight, and the steps mapped back through it. */
    private static final class Target extends WrappedUpdate {

        private final WeightTarget update;
        private final INDArray weight;
        private final TargetWeight target;
        private final int refresh;
        private final double scale;
        private final Basis basis;
        private final int randomAfter;
        private final double trackRate;
        private final Projector projector;
        private final KeptNumber step;
        private final List<TrainedTensor> tensors;
        private final PutOffDecay decays = new PutOffDecay();

        Target(WeightTarget update, TargetWeight target, OptionValues options) {
            super(update);
            this.update = update;
            this.target = target;
            this.weight = target.weight();
            refresh = options.positiveInt("refresh");
            scale = options.positiveDouble("scale");
            basis = options.choice("basis", Basis.class);
            randomAfter = options.wholeNumber("random-after");
            trackRate = options.positiveDouble("track-rate");
            Projector.Side side = options.choice("side", Projector.Side.class);
            Kept kept = ownState(target);
            projector = new Projector(target, side, kept);
            step = kept.number("step", 0);
            tensors = List.of(new TrainedTensor("G", Projector.projectedShape(target, side), 'f', null, false));
        }

        /** Of plain training, under the names that this always had; beside another update, which has steps of its own, under ours. */
        private static Kept ownState(TargetWeight target) {
            return target.kept().state().isEmpty()
                    ? target.kept()
                    : target.kept().under("galore");
        }

        @Override
        public List<TrainedTensor> tensors() {
            return tensors;
        }

        @Override
        public void gradient(WeightGradient gradient, INDArray[] gradients) {
            if (step.get() % refresh == 0) {
                findSubspace(gradient);
            }
            projector.project(gradient, gradients[0]);
        }

        /** What the update adds to dL/dW is projected like it. */
        @Override
        public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
            WeightTarget.Addition addition = update.addition();
            if (addition != null) {
                projector.addProjection(addition.matrix(), addition.factor(), gradients[0], 1);
            }
        }

        private void findSubspace(WeightGradient gradient) {
            long now = step.get();
            Random random = target.random("galore basis of step " + now);
            if (basis == Basis.RANDOM && now >= randomAfter) {
                projector.drawOrthonormal(random);
                return;
            }
            // G is as large as W: in the layer's workspace it would make every later step's workspace as large.
            try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
                INDArray full = Nd4j.createUninitialized(weight.dataType(), weight.shape(), 'f');
                gradient.formed(full, 0);
                if (!Double.isFinite(full.sumNumber().doubleValue())) {
                    // Such a step is left out by its caller, so the next one comes here again.
                    return;
                }
                if (basis == Basis.SAMPLED) {
                    projector.sample(full, random);
                } else if (basis == Basis.TRACKED && now > 0) {
                    projector.turn(full, trackRate);
                } else {
                    projector.find(full);
                }
            }
        }

        /** Terms before the updater are projected like the gradient; those after it act on W itself, after its step. */
        @Override
        public void regularise(
                Regularization term, INDArray[] gradients, double[] learningRates, int iteration, int epoch) {
            double learningRate = learningRates[0];
            if (term.applyStep() == ApplyStep.POST_UPDATER) {
                decays.add(0, term, learningRate, iteration, epoch);
            } else if (term instanceof L2Regularization l2) {
                projector.addProjection(weight, l2.getL2().valueAt(iteration, epoch), gradients[0], 1);
            } else {
                projector.addProjection(ofWeight(term, learningRate, iteration, epoch), 1, gradients[0], 1);
            }
        }

        private INDArray ofWeight(Regularization term, double learningRate, int iteration, int epoch) {
            INDArray change = Nd4j.zeros(weight.dataType(), weight.shape());
            term.apply(weight, change, learningRate, iteration, epoch);
            return change;
        }

        @Override
        public void abandon() {
            super.abandon();
            decays.forget();
        }

        @Override
        public void step(INDArray[] steps) {
            update.moving();
            projector.addBack(steps[0], -scale, weight);
            for (PutOffDecay.Term decay : decays.take()) {
                INDArray change = Nd4j.zeros(weight.dataType(), weight.shape());
                decay.apply(weight, change);
                weight.subi(change);
            }
            step.increment();
            update.moved();
        }
    }
}
