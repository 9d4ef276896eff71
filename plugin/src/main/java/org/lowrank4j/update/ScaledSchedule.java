package org.lowrank4j.update;

import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;

/** The learning rate of another updater, times a factor. Later changes of that updater's rate are followed. */
public final class ScaledSchedule implements ISchedule {

    private static final long serialVersionUID = 1L;

    private final IUpdater updater;
    private final double factor;

    /**
     * @param updater whose rate to follow; only read
     * @param factor by which its rate is multiplied
     */
    public ScaledSchedule(IUpdater updater, double factor) {
        this.updater = updater;
        this.factor = factor;
    }

    @Override
    public double valueAt(int iteration, int epoch) {
        return factor * updater.getLearningRate(iteration, epoch);
    }

    /** A schedule has no state of its own, so a copy follows the same updater. */
    @Override
    @SuppressWarnings("MethodDoesntCallSuperMethod")
    public ScaledSchedule clone() {
        return new ScaledSchedule(updater, factor);
    }
}
