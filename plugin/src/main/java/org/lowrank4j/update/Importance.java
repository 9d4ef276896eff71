package org.lowrank4j.update;

import org.lowrank4j.method.Kept;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** AdaLoRA's smoothed importance of each entry of one tensor, and how uncertain it is. */
final class Importance {

    private final double beta1;
    private final double beta2;
    private final INDArray mean;
    private final INDArray uncertainty;
    private final INDArray gradient;

    Importance(TrainedTensor tensor, Kept kept, double beta1, double beta2) {
        this.beta1 = beta1;
        this.beta2 = beta2;
        mean = kept.array("importance" + tensor.name(), tensor.order(), tensor.shape());
        uncertainty = kept.array("uncertainty" + tensor.name(), tensor.order(), tensor.shape());
        gradient = kept.work("gradient" + tensor.name(), tensor.order(), tensor.shape());
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
}
