package org.lowrank4j.update;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The state of a {@link WeightUpdate}: its one tensor is W. By itself this is ordinary training. What an update makes of it
 * comes around the step, so that a gradient approximation may take the step in another way: {@link #moving}, the step,
 * {@link #moved}.
 */
public class WeightTarget extends AttachedUpdate {

    /** W of this target. */
    public WeightTarget(TargetWeight target) {
        super(target);
        trained("W", 'f', false, target.weight());
    }

    /**
     * A matrix of the size of W with its factor.
     *
     * @param matrix not changed by whoever adds it
     */
    public record Addition(INDArray matrix, double factor) {}

    /** What this step adds to the mean gradient of W before the updater sees it; null, as by default, for nothing. */
    public @Nullable Addition addition() {
        return null;
    }

    /** W is about to take a step that counts. By default there is nothing to do. */
    public void moving() {}

    @Override
    public final void gradient(WeightGradient gradient, INDArray[] gradients) {
        gradient.formed(gradients[0], 0);
    }

    @Override
    public final void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
        Addition addition = addition();
        if (addition != null) {
            gradients[0].addi(addition.matrix().mul(addition.factor()));
        }
    }

    @Override
    public final void step(INDArray[] steps) {
        moving();
        move(steps);
        moved();
    }

    @Override
    public final void move(INDArray[] steps) {
        target().weight().subi(steps[0]);
    }
}
