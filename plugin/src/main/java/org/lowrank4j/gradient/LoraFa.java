package org.lowrank4j.gradient;

import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Factors;
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
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.Regularization.ApplyStep;

/**
 * LoRA-FA (arXiv 2308.03303; the gradient as in the reference LoRA libraries): A stays as it started, and only B is
 * trained, so neither a gradient nor updater state of A exists, and of the layer's input x only x A is needed.
 *
 * <p>Between backward pass and updater the gradient of B becomes
 *
 * <pre>dB' = (1 / s^2) (A^T A + 1e-8 I)^-1 dB,   so that   s A dB' = P G</pre>
 *
 * where P projects on the columns of A and G = dL/dW: with plain SGD, W takes the best step within reach. The user's
 * weight decay acts on B after the step, as published.
 *
 * <p>Under {@code update=dora} G is the gradient of the matrix that the directions are taken from; under {@code
 * update=relora} A stays as it is from restart to restart.
 *
 * <p>Published with a random A; AdamW with epsilon 1e-6.
 */
public final class LoraFa implements GradientApproximation {

    @Override
    public String name() {
        return "lora-fa";
    }

    @Override
    public Set<Replication> replicates() {
        return EnumSet.allOf(Replication.class);
    }

    @Override
    public String defaultUpdate() {
        return "lora";
    }

    @Override
    public boolean trainsA() {
        return false;
    }

    @Override
    public Optional<String> refusal(LowRankUpdate update) {
        return Needs.factors(update);
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        return new Target((FactorTarget) update, target);
    }

    /** B of one weight, and what trains beside it, over a fixed A. */
    private static final class Target extends WrappedUpdate {

        private static final double DAMPING = 1e-8;

        private final FactorTarget update;
        private final double scale;
        private final List<TrainedTensor> tensors;
        private final PutOffDecay decays = new PutOffDecay();

        /** What {@link #preconditioner} was made from. */
        private @Nullable Factors preconditioned;
        /** (A^T A + damping I)^-1 / s^2 in double. */
        private INDArray preconditioner = Nd4j.empty(DataType.DOUBLE);

        Target(FactorTarget update, TargetWeight target) {
            super(update);
            this.update = update;
            scale = target.scale();
            tensors = update.tensors().subList(1, update.tensors().size());
            target.kept().reserve("(A^T A)^-1", (long) target.rank() * target.rank() * Double.BYTES);
        }

        @Override
        public List<TrainedTensor> tensors() {
            return tensors;
        }

        /** With nothing for A, which stands still. */
        private static @Nullable INDArray[] all(INDArray[] trained) {
            @Nullable INDArray[] all = new INDArray[trained.length + 1];
            System.arraycopy(trained, 0, all, 1, trained.length);
            return all;
        }

        @Override
        public void gradient(WeightGradient gradient, INDArray[] gradients) {
            update.gradient(gradient, all(gradients));
        }

        @Override
        public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
            INDArray gradient = gradients[0];
            gradient.assign(preconditioner().mmul(gradient.castTo(DataType.DOUBLE)));
            update.beforeUpdater(all(gradients), all(updaterStates));
        }

        private INDArray preconditioner() {
            Factors factors = update.factors();
            if (factors != preconditioned) {
                try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
                    preconditioner =
                            Gram.inverse(Gram.ofColumns(factors.a()), DAMPING).divi(scale * scale);
                }
                preconditioned = factors;
            }
            return preconditioner;
        }

        @Override
        public void regularise(
                Regularization term, INDArray[] gradients, double[] learningRates, int iteration, int epoch) {
            for (int i = 0; i < gradients.length; i++) {
                if (term.applyStep() == ApplyStep.POST_UPDATER) {
                    decays.add(i, term, learningRates[i], iteration, epoch);
                } else {
                    term.apply(value(i), gradients[i], learningRates[i], iteration, epoch);
                }
            }
        }

        private INDArray value(int tensor) {
            return Objects.requireNonNull(tensors.get(tensor).value());
        }

        @Override
        public void abandon() {
            super.abandon();
            decays.forget();
        }

        @Override
        public void step(INDArray[] steps) {
            for (PutOffDecay.Term decay : decays.take()) {
                INDArray step = steps[decay.tensor()];
                decay.apply(value(decay.tensor()).sub(step), step);
            }
            update.step(all(steps));
        }

        @Override
        public void move(INDArray[] steps) {
            update.move(all(steps));
        }
    }
}
