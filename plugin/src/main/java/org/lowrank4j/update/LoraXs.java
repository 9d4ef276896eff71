package org.lowrank4j.update;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.decomposition.PseudoInverse;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * LoRA-XS (arXiv 2405.17604, section 3, and the released code): W moves by s A R B, and only R (r x r) is trained. A and B
 * stay as an initialisation started them:
 *
 * <pre>dR = s (x A)^T (delta B^T)</pre>
 *
 * <p>{@link org.lowrank4j.initialisation.LoraXsStart} takes them from W, {@link org.lowrank4j.initialisation.LoraSb} from
 * the first gradient. Trained numbers and updater state are r^2 for each layer, whatever its size; A and B are kept and
 * saved, because they cannot be found again once W has moved. Published with alpha 16 and with alpha = r, and with
 * learning rates 10 to 40 times those of LoRA.
 *
 * <p>With the option core-gradient=equivalent the updater gets
 *
 * <pre>(1 / s^2) (A^T A)^-1 dR (B B^T)^-1</pre>
 *
 * <p>instead (arXiv 2411.19557), with which a step of plain SGD moves W by the projection of full training's step on A and
 * B, for any s. For LoRA-SB's orthonormal A and B this is dR / s^2, which is dR itself with its published s = 1. Inverses
 * of dependent columns or rows are pseudo-inverses. It keeps two more arrays of the sizes of A and B.
 */
public final class LoraXs implements CoreUpdate {

    /** What the updater gets for R. */
    enum CoreGradient {
        PLAIN,
        EQUIVALENT
    }

    @Override
    public String name() {
        return "lora-xs";
    }

    @Override
    public Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS, Replication.STEPS, Replication.VALUES);
    }

    @Override
    public List<MethodOption> options() {
        return List.of(new MethodOption(
                "core-gradient",
                "plain",
                "plain: dL/dR; equivalent: the gradient of R with which W moves most like dL/dW"));
    }

    @Override
    public String defaultInitialisation() {
        return "lora-xs";
    }

    /** 16, as in the released runs on classification tasks. */
    @Override
    public double defaultAlpha() {
        return 16;
    }

    @Override
    public Set<String> factors() {
        return Set.of("R");
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new Target(name(), target, isEquivalent(target));
    }

    private boolean isEquivalent(TargetWeight target) {
        return target.optionsOf(this).choice("core-gradient", CoreGradient.class) == CoreGradient.EQUIVALENT;
    }

    /**
     * The r x r matrix R between two fixed factors of one weight.
     *
     * <p>Both gradients of R have the form c P^T G Q: dL/dR with P = A, Q = B^T and c = s, and the equivalent one with the
     * transposed pseudo-inverses and c = 1/s, because (A^T A)^-1 A^T = A^+.
     */
    private static final class Target extends AttachedUpdate {

        private final FixedFactors factors;
        private final INDArray core;
        /** A times the step of R. */
        private final INDArray moved;

        private final boolean equivalent;
        /** P and Q; for dL/dR the factors themselves. */
        private final INDArray left;

        private final INDArray right;

        Target(String update, TargetWeight target, boolean equivalentGradient) {
            super(target);
            factors = new FixedFactors(update, target);
            equivalent = equivalentGradient;
            core = trained("R", 'f', false, target.rank(), target.rank());
            moved = kept().work("A dR", 'f', target.inputs(), target.rank());
            left = equivalent ? kept().work("A^+", 'f', target.inputs(), target.rank()) : factors.a();
            right = equivalent
                    ? kept().work("B^+", 'f', target.outputs(), target.rank())
                    : factors.b().transpose();
            kept().afterRestoring(this::invert);
        }

        @Override
        public void start(Factors given) {
            factors.start(given, "R", core);
            invert();
        }

        private void invert() {
            if (equivalent) {
                left.assign(PseudoInverse.of(factors.a()).transpose());
                right.assign(PseudoInverse.of(factors.b()));
            }
        }

        @Override
        public Optional<String> curvatureRefusal() {
            return equivalent
                    ? Optional.of("lora-xs.core-gradient=equivalent is no derivative of the loss; use plain")
                    : Optional.empty();
        }

        @Override
        public void gradient(WeightGradient gradient, INDArray[] gradients) {
            gradient.between(left, right, equivalent ? 1 / target().scale() : target().scale(), gradients[0], 0);
        }

        @Override
        public void move(INDArray[] steps) {
            core.subi(steps[0]);
            Blas.gemm(factors.a(), steps[0], moved, false, false, 1, 0);
            Blas.gemm(moved, factors.b(), target().weight(), false, false, -target().scale(), 1);
        }
    }
}
