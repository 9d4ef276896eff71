package org.lowrank4j.engine;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.WeightGradient;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What a listener sees of an adapted W: first its gradient, then, in the same array, what the step took from it. Stock DL4J
 * has both under the name of the parameter. Two arrays of the size of W, which are there only while a listener looks.
 */
final class ShownWeight {

    private final INDArray weight;
    private @Nullable INDArray before;
    private @Nullable INDArray shown;

    /** @param weight W, live */
    ShownWeight(INDArray weight) {
        this.weight = weight;
    }

    INDArray weight() {
        return weight;
    }

    /**
     * The start of a step.
     *
     * @param looked whether somebody looks at it
     */
    void begin(boolean looked) {
        if (!looked) {
            before = null;
            shown = null;
            return;
        }
        INDArray copy = before;
        if (copy == null) {
            try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                copy = Nd4j.createUninitialized(weight.dataType(), weight.shape(), 'f');
                before = copy;
                shown = Nd4j.create(weight.dataType(), weight.shape(), 'f');
            }
        }
        copy.assign(weight);
    }

    /** Whether the running step is looked at. */
    boolean isShown() {
        return before != null;
    }

    /** dL/dW, a sum over the examples. */
    INDArray gradient(WeightGradient gradient) {
        INDArray array = required(shown);
        gradient.formed(array, 0);
        return array;
    }

    /** The end of the step: what was shown as the gradient becomes the step, W before less W now. */
    void end() {
        if (isShown()) {
            required(shown).assign(required(before)).subi(weight);
        }
    }

    private static INDArray required(@Nullable INDArray array) {
        if (array == null) {
            throw new IllegalStateException("nobody looks at this step");
        }
        return array;
    }
}
