package org.lowrank4j.gradient;

import java.util.List;
import java.util.Map;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.Regularization;

/** LoRA's A and B of one weight, whose updater sees LoRA-Pro's gradients. */
class LoraProTarget implements TargetUpdate {

    private final TargetUpdate lora;
    private final Factors factors;
    private final double scale;
    private final double damping;

    /** @param factors live */
    LoraProTarget(TargetUpdate lora, Factors factors, TargetWeight target, double damping) {
        this.lora = lora;
        this.factors = factors;
        this.scale = target.scale();
        this.damping = damping;
    }

    @Override
    public final List<TrainedTensor> tensors() {
        return lora.tensors();
    }

    @Override
    public final void start(Factors start) {
        lora.start(start);
    }

    @Override
    public final void gradient(WeightGradient gradient, INDArray[] gradients) {
        lora.gradient(gradient, gradients);
    }

    @Override
    public IUpdater updater(TrainedTensor tensor, IUpdater usersUpdater) {
        return lora.updater(tensor, usersUpdater);
    }

    @Override
    public final boolean movesUpdaterState() {
        return true;
    }

    @Override
    public final void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
        try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            LoraProGradients rule = new LoraProGradients(factors, scale, damping);
            Factors replaced = replace(rule, gradients[0], gradients[1]);
            gradients[0].assign(replaced.a());
            gradients[1].assign(replaced.b());
        }
    }

    /** What the updater sees in the place of the gradients of A and B. */
    Factors replace(LoraProGradients rule, INDArray gradientOfA, INDArray gradientOfB) {
        return rule.balanced(gradientOfA, gradientOfB);
    }

    @Override
    public final void regularise(
            Regularization term, INDArray[] gradients, double[] learningRates, int iteration, int epoch) {
        lora.regularise(term, gradients, learningRates, iteration, epoch);
    }

    @Override
    public void step(INDArray[] steps) {
        lora.step(steps);
    }

    @Override
    public Map<String, INDArray> state() {
        return lora.state();
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        lora.restore(state);
    }
}
