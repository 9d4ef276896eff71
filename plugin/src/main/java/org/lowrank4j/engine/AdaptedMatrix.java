package org.lowrank4j.engine;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.update.SidePath;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.regularization.Regularization;

/** One matrix that is adapted: where a layer's backward pass brings its gradient, and what becomes of it. */
final class AdaptedMatrix {

    private final String key;
    private final StepState step;
    private final TargetUpdate update;
    private final @Nullable SidePath sidePath;
    private final INDArray[] gradients;
    private final ShownWeight shown;
    private final List<Regularization> terms;
    private @Nullable GradientSum sum;

    /**
     * @param key of the target
     * @param step shared with the session
     * @param sidePath of the update, null where M must move in every step
     * @param gradients one view per tensor of the update, which the updater turns into steps
     * @param shown M, for listeners that look at it
     * @param terms the user's l1, l2 and weight decay for M
     */
    AdaptedMatrix(
            String key,
            StepState step,
            TargetUpdate update,
            @Nullable SidePath sidePath,
            INDArray[] gradients,
            ShownWeight shown,
            @Nullable List<Regularization> terms) {
        this.key = key;
        this.step = step;
        this.update = update;
        this.sidePath = sidePath;
        this.gradients = gradients;
        this.shown = shown;
        this.terms = terms == null ? List.of() : terms;
    }

    String key() {
        return key;
    }

    /** The key of one of its tensors among those of the updater. */
    String key(int tensor) {
        return key + "/" + update.tensors().get(tensor).name();
    }

    TargetUpdate update() {
        return update;
    }

    @Nullable SidePath sidePath() {
        return sidePath;
    }

    INDArray[] gradients() {
        return gradients;
    }

    /** M, live. */
    INDArray weight() {
        return shown.weight();
    }

    /** Writes the values of the tensors into their gradient views. */
    void values() {
        for (int i = 0; i < gradients.length; i++) {
            gradients[i].assign(Objects.requireNonNull(update.tensors().get(i).value()));
        }
    }

    ShownWeight shown() {
        return shown;
    }

    List<Regularization> terms() {
        return terms;
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
