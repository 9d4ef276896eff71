package org.lowrank4j.update;

import java.util.function.DoubleSupplier;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;

/** The learning rate of another updater, times a factor of this step. Later changes of that updater's rate are followed. */
final class ScaledRate implements ISchedule {

    private static final long serialVersionUID = 1L;

    private final IUpdater updater;
    private final transient DoubleSupplier factor;

    /**
     * @param updater whose rate to follow; only read
     * @param factor by which its rate is multiplied
     */
    ScaledRate(IUpdater updater, DoubleSupplier factor) {
        this.updater = updater;
        this.factor = factor;
    }

    @Override
    public double valueAt(int iteration, int epoch) {
        return factor.getAsDouble() * updater.getLearningRate(iteration, epoch);
    }

    /** A copy follows the same updater and the same factor. */
    @Override
    @SuppressWarnings("MethodDoesntCallSuperMethod")
    public ScaledRate clone() {
        return new ScaledRate(updater, factor);
    }
}
