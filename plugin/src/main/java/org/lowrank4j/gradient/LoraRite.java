package org.lowrank4j.gradient;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.decomposition.PseudoInverse;
import org.lowrank4j.decomposition.SymmetricEigen;
import org.lowrank4j.decomposition.ThinQr;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.FactorTarget;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.Regularization.ApplyStep;

/**
 * LoRA-RITE (arXiv 2410.20625, algorithm 1, and the authors' release) in the place of the user's updater: an Adam with a
 * matrix for its second moment, under which W moves alike however s A B is split into its factors.
 *
 * <pre>
 * A = Q_A R_A,   B^T = Q_B R_B                      thin QR
 * g = dA R_B^+                                      nIn x r; 0 if its RMS is above skip
 * g = g min(1, clip / length)                       length: of all g of the network together
 * P = Q_B^T Q_B of the step before                  r x r
 * V = (1 - d2) g^T g / nIn + d2 P V P^T
 * M = (1 - d1) g V^(-1/2) + d1 M P^T                1 / (sqrt of an eigenvalue + epsilon)
 * A -= rate M R_B^+T                                d = beta (1 - beta^(t-1)) / (1 - beta^t)
 * </pre>
 *
 * <p>and B^T likewise, with A in the place of B. Where B starts at 0, only B moves in the first step. The rates are Adam's.
 * What trains beside A and B has the user's updater. Gradients above {@code skip} are left out, as in the release, with a
 * warning: with losses that are sums raise it.
 *
 * <p>State for each factor: one array of its size, one r x r, its Q. Published betas 0.9 and 0.999.
 */
public final class LoraRite implements GradientApproximation {

    @Override
    public String name() {
        return "lora-rite";
    }

    @Override
    public RunOfUpdater runOfUpdater() {
        return RunOfUpdater.NEVER;
    }

    @Override
    public Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS);
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("beta1", "0.9", "the first moment's factor, from 0 to below 1"),
                new MethodOption("beta2", "0.999", "the second moment's factor, from 0 to below 1"),
                new MethodOption("epsilon", "1e-6", "what the divisor is raised by, a number above 0"),
                new MethodOption(
                        "clip", "1", "the largest length of all gradients of the network together, a number above 0"),
                new MethodOption(
                        "skip", "1", "the root mean square above which a gradient is left out, a number above 0"));
    }

    @Override
    public String defaultUpdate() {
        return "lora";
    }

    @Override
    public Optional<String> refusal(LowRankUpdate update) {
        return Needs.factors(update);
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        return new Target((FactorTarget) update, target, target.optionsOf(this));
    }

    /** The squared lengths of the gradients of one step, by layer and factor. */
    private static final class Lengths {
        private final Map<String, Double> squares = new HashMap<>();

        double length() {
            return Math.sqrt(
                    squares.values().stream().mapToDouble(Double::doubleValue).sum());
        }
    }

    /**
     * One factor in one step, in double.
     *
     * @param gradient g, before it is clipped
     * @param basis Q of the other factor
     * @param inverse R^+ of the other factor
     */
    private record Seen(INDArray gradient, INDArray basis, INDArray inverse, double rate) {}

    private final class Target extends WrappedUpdate {

        private final FactorTarget update;
        private final TargetWeight target;
        private final double beta1;
        private final double beta2;
        private final double epsilon;
        private final double clip;
        private final double skip;
        private final Lengths lengths;
        private final KeptNumber step;
        private final List<Side> sides;

        Target(FactorTarget update, TargetWeight target, OptionValues options) {
            super(update);
            this.update = update;
            this.target = target;
            beta1 = options.belowOne("beta1");
            beta2 = options.belowOne("beta2");
            epsilon = options.positiveDouble("epsilon");
            clip = options.positiveDouble("clip");
            skip = options.positiveDouble("skip");
            lengths = target.shared().part(Lengths.class, Lengths::new);
            Kept kept = target.kept().under(LoraRite.this.name());
            step = kept.number("step", 0);
            sides = List.of(
                    new Side("A", false, target.inputs(), target.outputs(), kept),
                    new Side("B", true, target.outputs(), target.inputs(), kept));
        }

        @Override
        public IUpdater updater(TrainedTensor tensor, IUpdater usersUpdater) {
            IUpdater users = super.updater(tensor, usersUpdater);
            int position = tensors().indexOf(tensor);
            return position < sides.size() ? new MethodUpdater(users, sides.get(position)) : users;
        }

        /** All gradients have been seen once the first step is asked for. */
        private void makeSteps(INDArray[] steps) {
            if (sides.stream().allMatch(side -> side.seen == null)) {
                return;
            }
            try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
                double shrink = Math.min(1, clip / lengths.length());
                long t = step.increment();
                for (int i = 0; i < sides.size(); i++) {
                    sides.get(i).makeStep(steps[i], shrink, t);
                }
            }
        }

        @Override
        public void regularise(
                Regularization term, INDArray[] gradients, double[] learningRates, int iteration, int epoch) {
            if (term.applyStep() == ApplyStep.POST_UPDATER) {
                makeSteps(gradients);
            }
            super.regularise(term, gradients, learningRates, iteration, epoch);
        }

        @Override
        public void step(INDArray[] steps) {
            makeSteps(steps);
            super.step(steps);
        }

        @Override
        public void abandon() {
            sides.forEach(side -> side.seen = null);
            super.abandon();
        }

        /** One factor, as a tall matrix, in the metric of the other one. */
        private final class Side implements MethodUpdater.Rule {

            private final String name;
            private final boolean transposed;
            private final INDArray first;
            private final INDArray second;
            /** Q of the other factor, one step ago. */
            private final INDArray basis;
            /** What this step has seen, until it is made use of. */
            private @Nullable Seen seen;

            Side(String name, boolean transposed, long length, long other, Kept kept) {
                this.name = name;
                this.transposed = transposed;
                Kept own = kept.under(name);
                first = own.array("first", 'f', length, target.rank());
                second = own.array("second", 'f', target.rank(), target.rank());
                basis = own.array("basis", 'f', other, target.rank());
            }

            private INDArray tall(INDArray factor) {
                return transposed ? factor.transpose() : factor;
            }

            @Override
            public void apply(INDArray flat, IUpdater users, int iteration, int epoch) {
                try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
                    Factors now = update.factors();
                    ThinQr other = ThinQr.of(transposed ? now.a() : now.b().transpose());
                    INDArray inverse = PseudoInverse.of(other.r());
                    TrainedTensor tensor = tensors().get(transposed ? 1 : 0);
                    INDArray g = tall(flat.reshape(tensor.order(), tensor.shape()))
                            .castTo(DataType.DOUBLE)
                            .mmul(inverse);
                    double square = Math.pow(g.norm2Number().doubleValue(), 2);
                    if (Math.sqrt(square / g.length()) > skip) {
                        target.warn("gradient=lora-rite leaves out gradients whose root mean square is above"
                                + " lora-rite.skip=" + skip + ", as that of " + name + " of layer " + target.layer()
                                + " is. Raise it, or lower the loss's scale, if this goes on.");
                        g = g.like();
                        square = 0;
                    }
                    seen = new Seen(g, other.q(), inverse, rate(users, iteration, epoch));
                    lengths.squares.put(target.layer() + "/" + name, square);
                    flat.assign(0);
                }
            }

            /** Adds the step of this factor to what is there. */
            void makeStep(INDArray to, double shrink, long t) {
                Seen now = seen;
                seen = null;
                if (now == null) {
                    return;
                }
                INDArray g = now.gradient.muli(shrink);
                double d1 = kept(beta1, t);
                double d2 = kept(beta2, t);
                INDArray turn = now.basis.transpose().mmul(basis.castTo(DataType.DOUBLE));
                INDArray v = turn.mmul(second.castTo(DataType.DOUBLE))
                        .mmul(turn.transpose())
                        .muli(d2);
                v.addi(g.transpose().mmul(g).muli((1 - d2) / g.size(0)));
                INDArray m =
                        first.castTo(DataType.DOUBLE).mmul(turn.transpose()).muli(d1);
                m.addi(g.mmul(inverseRoot(v)).muli(1 - d1));
                second.assign(v);
                first.assign(m);
                basis.assign(now.basis);
                to.addi(tall(m.mmul(now.inverse.transpose()).muli(now.rate)).castTo(to.dataType()));
            }

            private INDArray inverseRoot(INDArray v) {
                SymmetricEigen eigen = SymmetricEigen.of(v);
                double[] roots = Arrays.stream(eigen.values())
                        .map(value -> 1 / (Math.sqrt(Math.max(0, value)) + epsilon))
                        .toArray();
                return eigen.vectors()
                        .mulRowVector(Nd4j.createFromArray(roots))
                        .mmul(eigen.vectors().transpose());
            }

            /** The share of the past after t steps, with which no bias is left to correct. */
            private double kept(double beta, long t) {
                return beta * (1 - Math.pow(beta, t - 1)) / (1 - Math.pow(beta, t));
            }
        }
    }
}
