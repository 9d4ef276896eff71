package org.lowrank4j.update;

import java.util.List;
import java.util.Random;
import java.util.Set;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.MethodOption;
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
 *
 * <p>With {@code effective=yes} each half of a convolution whose filters have several places is a sum over i and j, for the
 * channel c, the place p and the filter o:
 *
 * <pre>
 * K_cpo = sum T_ijp A_io B_jc
 * </pre>
 *
 * <p>with T r x r x places, A r x nOut and B r x channels: fewer numbers where filters are large. T, A and B start uniform
 * within 1 / sqrt of r places, nOut and the channels, and A2 at 0.
 */
public final class Loha implements OwnUpdate {

    @Override
    public String name() {
        return "loha";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "effective",
                        "no",
                        "whether filters of several places have a tensor of their own (PEFT's use_effective_conv2d): yes or no"));
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
        return new Target(target, target.optionsOf(this).yes("effective"));
    }

    /** The two products of one weight. */
    private static final class Target extends AttachedUpdate {

        private final TrainedPart one;
        private final TrainedPart two;
        private final INDArray first;
        private final INDArray second;

        Target(TargetWeight target, boolean effective) {
            super(target);
            long places = target.kernel().stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
            // A kernel of one side has its places outside of the channels.
            boolean ofKernel = effective && target.kernel().size() > 1 && places > 1;
            one = half(1, ofKernel ? places : 0);
            two = half(2, ofKernel ? places : 0);
            first = kept().work(
                            "A1 B1", target.weight().ordering(), target.weight().shape());
            second = kept().work(
                            "A2 B2", target.weight().ordering(), target.weight().shape());
        }

        /** @param places of a filter that has a tensor of its own; 0 for none */
        private TrainedPart half(int number, long places) {
            long inputs = target().inputs();
            long outputs = target().outputs();
            int rank = target().rank();
            return places > 0
                    ? new TrainedKernel(this, number, inputs / places, places, rank, outputs)
                    : TrainedMatrix.product(this, "A" + number, "B" + number, inputs, rank, outputs);
        }

        @Override
        public void start() {
            Random random = target().random("loha");
            one.draw(random);
            two.draw(random);
            two.clear();
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
