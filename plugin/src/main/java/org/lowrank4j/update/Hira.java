package org.lowrank4j.update;

import java.util.Optional;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * HiRA (ICLR 2025, "Hadamard high-rank adaptation", as in the reference PEFT library): every entry of W moves by a part of
 * itself, and these parts are of rank r; the change itself may have any rank.
 *
 * <pre>W = W0 + W0 * (A B),   dA = (W0 * G) B^T,   dB = A^T (W0 * G)</pre>
 *
 * <p>with A nIn x r, B r x nOut and * entry by entry. A starts uniform within 1 / sqrt(nIn) and B at 0, so the network starts
 * unchanged. Entries of W that are 0, as in a pruned network, stay 0. There is no alpha: {@code alpha} and {@code scaling}
 * have no effect. Published with rank 32, and with rates above LoRA's, since weights are small.
 *
 * <p>It keeps and saves W0, and its gradients take the whole G: two arrays of the size of W. A program that writes to W gives
 * a new W0, and B starts anew from 0.
 */
public final class Hira implements OwnUpdate {

    @Override
    public String name() {
        return "hira";
    }

    @Override
    public Optional<String> constraintRefusal() {
        return Optional.of(BaseWeight.CONSTRAINT_REFUSAL);
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new Target(target);
    }

    /** A and B of one weight, and what they multiply. */
    private static final class Target extends AttachedUpdate {

        private final BaseWeight base;
        private final TrainedMatrix parts;
        private final INDArray work;

        Target(TargetWeight target) {
            super(target);
            parts = TrainedMatrix.product(this, "A", "B", target.inputs(), target.rank(), target.outputs());
            base = new BaseWeight(target);
            work = kept().work(
                            "A B", target.weight().ordering(), target.weight().shape());
        }

        @Override
        public void start() {
            base.take();
            parts.draw(target().random("hira"));
            parts.right().assign(0);
        }

        @Override
        public void beforeForward(int iteration, int epoch) {
            if (base.isOverwritten()) {
                base.take();
                parts.right().assign(0);
            }
        }

        @Override
        public void gradient(WeightGradient gradient, INDArray[] gradients) {
            gradient.formed(work, 0);
            parts.gradient(work.muli(base.value()), gradients);
        }

        @Override
        public void move(INDArray[] steps) {
            parts.move(steps);
            target().weight().assign(parts.value(work).muli(base.value()).addi(base.value()));
            base.moved();
        }
    }
}
