package org.lowrank4j.update;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** AdaLoRA's smoothed importance of each entry of one tensor, and how uncertain it is. */
final class Importance {

    private final String name;
    private final double beta1;
    private final double beta2;
    private final INDArray mean;
    private final INDArray uncertainty;
    private final INDArray gradient;

    /** @param value the tensor, for its shape, order and type */
    Importance(String name, INDArray value, double beta1, double beta2) {
        this.name = name;
        this.beta1 = beta1;
        this.beta2 = beta2;
        mean = value.like();
        uncertainty = value.like();
        gradient = value.like();
    }

    /** Remembers the gradient until the tensor has been updated with it. */
    void see(INDArray gradientOfTensor) {
        gradient.assign(gradientOfTensor);
    }

    /** Takes in |p dp| with the value after its update. */
    void update(INDArray value) {
        INDArray now = gradient.muli(value);
        Transforms.abs(now, false);
        mean.muli(beta1).addi(now.mul(1 - beta1));
        now.subi(mean);
        Transforms.abs(now, false);
        uncertainty.muli(beta2).addi(now.muli(1 - beta2));
    }

    /** The product of both, entry by entry, as a new array. */
    INDArray score() {
        return mean.mul(uncertainty);
    }

    void addTo(Map<String, INDArray> state) {
        state.put("importance" + name, mean);
        state.put("uncertainty" + name, uncertainty);
    }

    void restore(Map<String, INDArray> state, TargetWeight target) {
        SavedState.copy(state, "importance" + name, mean, target);
        SavedState.copy(state, "uncertainty" + name, uncertainty, target);
    }
}
