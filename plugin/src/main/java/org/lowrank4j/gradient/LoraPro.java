package org.lowrank4j.gradient;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.decomposition.Sylvester;
import org.lowrank4j.decomposition.SymmetricEigen;
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
import org.lowrank4j.updater.ChosenUpdater;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/**
 * LoRA-Pro (arXiv 2407.18242, theorems 2.1 to 2.3 and the released code): the gradients of A and B are replaced by those
 * with which W moves as close to the full gradient G = dL/dW as A and B allow:
 *
 * <pre>
 * dA' = (1 / s^2) dA (B B^T)^-1 + A X
 * dB' = (1 / s^2) (A^T A)^-1 dB (I - B^T (B B^T)^-1 B) - X B
 * A^T A X + X B B^T = -(1 / s^2) A^T dA (B B^T)^-1
 * s (A dB' + dA' B) = G - (I - P_A) G (I - P_B)
 * </pre>
 *
 * <p>P_A projects on the columns of A, P_B on the rows of B. X does not change how W moves; this one keeps dA' and dB' near
 * dA and dB. Both inverses are of the matrix plus damping times the identity, so B = 0 at the start needs no special
 * case. All of this runs in double on matrices with a side of r.
 *
 * <p>The released code has two modes:
 *
 * <ul>
 *   <li>{@code efficient}, its default: the user's updater, whichever it is, works on dA' and dB'. State and gradients are
 *       as small as LoRA's.
 *   <li>{@code full}: Adam works on the equivalent gradient s (A dB' + dA' B), with both moments as large as W, and its
 *       step is split into steps of A and B by the same rule. The layer's updater must be Adam, whose rate, betas and
 *       epsilon are used. This keeps three more arrays of the size of W, which is <em>more</em> than full training's
 *       updater state, and two of them are saved.
 * </ul>
 *
 * <p>Published with alpha 16, rank 8.
 */
public final class LoraPro implements GradientApproximation {

    /** Where Adam's moments live. */
    enum Mode {
        EFFICIENT,
        FULL
    }

    @Override
    public String name() {
        return "lora-pro";
    }

    @Override
    public Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS);
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "mode",
                        "efficient",
                        "efficient: the layer's updater works on the new gradients of A and B; full: Adam works in the"
                                + " space of W, with three arrays of W's size"),
                new MethodOption(
                        "damping", "1e-8", "what is added to the diagonals before inversion, a number above 0"));
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
        OptionValues options = target.optionsOf(this);
        double damping = options.positiveDouble("damping");
        FactorTarget factors = (FactorTarget) update;
        return switch (options.choice("mode", Mode.class)) {
            case EFFICIENT -> new Efficient(factors, target, damping);
            case FULL -> new Full(factors, target, damping);
        };
    }

    /** A and B of one weight, whose updater sees LoRA-Pro's gradients. */
    private static class Efficient extends WrappedUpdate {

        final FactorTarget update;
        final TargetWeight target;
        private final double damping;

        Efficient(FactorTarget update, TargetWeight target, double damping) {
            super(update);
            this.update = update;
            this.target = target;
            this.damping = damping;
        }

        @Override
        public final void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
            try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
                Gradients rule = new Gradients(update.factors(), target.scale(), damping);
                Factors replaced = replace(rule, gradients[0], gradients[1]);
                gradients[0].assign(replaced.a());
                gradients[1].assign(replaced.b());
            }
            super.beforeUpdater(gradients, updaterStates);
        }

        /** What the updater sees in the place of the gradients of A and B. */
        Factors replace(Gradients rule, INDArray gradientOfA, INDArray gradientOfB) {
            return rule.balanced(gradientOfA, gradientOfB);
        }
    }

    /** The same with Adam's moments in the space of W, where they outlive factors that are set anew. */
    private static final class Full extends Efficient {

        /** Adam's m, then v, each of W's size. */
        private final INDArray moments;
        /** The equivalent gradient, then Adam's step of rate 1; nIn x nOut in 'f' order. */
        private final INDArray full;

        private final KeptNumber step;
        private @Nullable Adam adam;

        Full(FactorTarget update, TargetWeight target, double damping) {
            super(update, target, damping);
            Kept kept = target.kept();
            moments = kept.array("moments", 'c', 1, 2 * target.weight().length());
            full = kept.work("equivalent gradient", 'f', target.inputs(), target.outputs());
            step = ownStep(kept);
        }

        /** Beside an update with steps of its own, under our name. */
        private static KeptNumber ownStep(Kept kept) {
            return (kept.state().containsKey("step") ? kept.under("lora-pro") : kept).number("step", 0);
        }

        /** Adam itself runs on W's scale; what is left for A and B is to multiply by the rate. */
        @Override
        public IUpdater updater(TrainedTensor tensor, IUpdater usersUpdater) {
            IUpdater ofUpdate = super.updater(tensor, usersUpdater);
            if (!tensors().subList(0, 2).contains(tensor)) {
                return ofUpdate;
            }
            if (!(ofUpdate instanceof Adam users)) {
                throw new LowRankException(
                        "lora-pro.mode=full runs Adam in the space of W, and the updater of layer "
                                + target.layer() + " is "
                                + ChosenUpdater.name(usersUpdater)
                                + ". Give the layer new Adam(...), or use lora-pro.mode=efficient, which works with any updater.");
            }
            adam = new Adam(1, users.getBeta1(), users.getBeta2(), users.getEpsilon());
            return users.getLearningRateSchedule() == null
                    ? new Sgd(users.getLearningRate())
                    : new Sgd(users.getLearningRateSchedule());
        }

        @Override
        Factors replace(Gradients rule, INDArray gradientOfA, INDArray gradientOfB) {
            if (adam == null) {
                throw new IllegalStateException("the updater of layer " + target.layer() + " was never asked for");
            }
            Factors factors = update.factors();
            Factors equivalent = rule.unbalanced(gradientOfA, gradientOfB);
            multiply(factors.a(), equivalent.b().castTo(target.dataType()), 0);
            multiply(equivalent.a().castTo(target.dataType()), factors.b(), 1);

            int count = Math.toIntExact(step.get());
            adam.instantiate(moments, false).applyUpdater(full.reshape('f', 1, full.length()), count, 0);
            step.increment();

            INDArray ofA = full.mmul(factors.b().transpose()).muli(target.scale());
            INDArray ofB = factors.a().transpose().mmul(full).muli(target.scale());
            return rule.balanced(ofA, ofB);
        }

        /** full = s left right + keep full. */
        private void multiply(INDArray left, INDArray right, double keep) {
            Blas.gemm(left, right, full, false, false, target.scale(), keep);
        }
    }

    /** The equations of {@link LoraPro} at one value of A and B, in double. */
    private static final class Gradients {

        private final INDArray a;
        private final INDArray b;
        private final double perSquaredScale;
        private final SymmetricEigen gramOfA;
        private final SymmetricEigen gramOfB;
        private final INDArray inverseOfA;
        private final INDArray inverseOfB;

        Gradients(Factors factors, double scale, double damping) {
            a = factors.a().castTo(DataType.DOUBLE);
            b = factors.b().castTo(DataType.DOUBLE);
            perSquaredScale = 1 / (scale * scale);
            gramOfA = Gram.ofColumns(a);
            gramOfB = Gram.ofRows(b);
            inverseOfA = Gram.inverse(gramOfA, damping);
            inverseOfB = Gram.inverse(gramOfB, damping);
        }

        /** dA' and dB' with X = 0, which move W like those with any other X. */
        Factors unbalanced(INDArray gradientOfA, INDArray gradientOfB) {
            INDArray da = gradientOfA.castTo(DataType.DOUBLE).mmul(inverseOfB).muli(perSquaredScale);
            INDArray db = gradientOfB.castTo(DataType.DOUBLE);
            INDArray within = db.mmul(b.transpose()).mmul(inverseOfB).mmul(b);
            return new Factors(da, inverseOfA.mmul(db.sub(within)).muli(perSquaredScale));
        }

        /** dA' and dB'. */
        Factors balanced(INDArray gradientOfA, INDArray gradientOfB) {
            Factors unbalanced = unbalanced(gradientOfA, gradientOfB);
            INDArray right = a.transpose().mmul(unbalanced.a()).negi();
            INDArray x = Sylvester.leastNorm(gramOfA, gramOfB, right);
            return new Factors(unbalanced.a().addi(a.mmul(x)), unbalanced.b().subi(x.mmul(b)));
        }
    }
}
