package org.lowrank4j.engine;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One matrix that is adapted, where a layer's backward pass brings its gradient. */
final class AdaptedMatrix {

    private final String key;
    private final StepState step;
    private final TargetUpdate update;
    private final INDArray[] gradients;
    private final ShownWeight shown;
    private @Nullable GradientSum sum;

    /**
     * @param key of the target
     * @param step shared with the session
     * @param gradients one view per tensor of the update
     * @param shown M, for listeners that look at it
     */
    AdaptedMatrix(String key, StepState step, TargetUpdate update, INDArray[] gradients, ShownWeight shown) {
        this.key = key;
        this.step = step;
        this.update = update;
        this.gradients = gradients;
        this.shown = shown;
    }

    String key() {
        return key;
    }

    /** Where the coming calibration passes add dL/dM; null for none. */
    void sumGradients(@Nullable GradientSum to) {
        sum = to;
    }

    /**
     * What a backward pass brings.
     *
     * @param gradient dL/dM
     * @param rows that it is a sum over
     * @return dL/dM as an array, if a listener looks at this step; else null
     */
    @Nullable INDArray take(WeightGradient gradient, long rows) {
        if (step.calibrating()) {
            if (sum != null) {
                sum.add(gradient, rows);
            }
            return null;
        }
        update.gradient(gradient, gradients);
        return shown.isShown() ? shown.gradient(gradient) : null;
    }
}
