package org.lowrank4j.update;

import java.util.Random;
import java.util.Set;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * LoHa, the Hadamard product of FedPara (arXiv 2108.06098, as in the reference PEFT library): W moves by the
 * entry-wise product of two matrices of rank r, which has a rank of up to r^2.
 *
 * <pre>
 * change = s (A1 B1) * (A2 B2),   H1 = s G * (A2 B2),   H2 = s G * (A1 B1)
 * dA1 = H1 B1^T,   dB1 = A1^T H1,   dA2 = H2 B2^T,   dB2 = A2^T H2
 * </pre>
 *
 * <p>with A1, A2 nIn x r and B1, B2 r x nOut: twice the numbers of LoRA. A1, B1 and B2 start uniform within 1 / sqrt of
 * nIn or r, and A2 at 0, so the network starts unchanged and the first step moves only A2. The gradients take the whole G,
 * and two arrays of its size. Of a convolution W is the matrix of its filters.
 */
public final class Loha implements OwnUpdate {

    @Override
    public String name() {
        return "loha";
    }

    @Override
    public boolean usesScale() {
        return true;
    }

    @Override
    public Set<String> factors() {
        return Set.of("A1", "B1", "A2", "B2");
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new Target(target);
    }

    /** The two products of one weight. */
    private static final class Target extends AttachedUpdate {

        private final TrainedMatrix one;
        private final TrainedMatrix two;
        private final INDArray first;
        private final INDArray second;

        Target(TargetWeight target) {
            super(target);
            one = TrainedMatrix.product(this, "A1", "B1", target.inputs(), target.rank(), target.outputs());
            two = TrainedMatrix.product(this, "A2", "B2", target.inputs(), target.rank(), target.outputs());
            first = kept().work(
                            "A1 B1", target.weight().ordering(), target.weight().shape());
            second = kept().work(
                            "A2 B2", target.weight().ordering(), target.weight().shape());
        }

        @Override
        public void start() {
            Random random = target().random("loha");
            one.draw(random);
            two.draw(random);
            two.left().assign(0);
        }

        @Override
        public void gradient(WeightGradient gradient, INDArray[] gradients) {
            gradient.formed(first, 0);
            first.muli(target().scale());
            one.gradient(two.value(second).muli(first), gradients);
            two.gradient(one.value(second).muli(first), gradients);
        }

        @Override
        public void move(INDArray[] steps) {
            // P * Q - P' * Q' = P * (Q - Q') + (P - P') * Q'
            one.value(first);
            two.move(steps, second);
            fall();
            one.move(steps, first);
            two.value(second);
            fall();
        }

        private void fall() {
            target().weight().subi(first.muli(second).muli(target().scale()));
        }
    }
}
