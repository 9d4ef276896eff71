package org.lowrank4j.gradient;

import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** LoRA's A and B of one weight, whose updater sees LoRA-Pro's gradients. */
class LoraProTarget extends PassedOn {

    private final Factors factors;
    private final double scale;
    private final double damping;

    /** @param factors live */
    LoraProTarget(TargetUpdate lora, Factors factors, TargetWeight target, double damping) {
        super(lora);
        this.factors = factors;
        this.scale = target.scale();
        this.damping = damping;
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
}
