package org.lowrank4j.update;

import org.lowrank4j.method.KeptNumber;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;

/** The user's learning rate times ReLoRA's jagged cosine, at the update's own step instead of the network's iteration. */
final class ReLoraRate implements ISchedule {

    private static final long serialVersionUID = 1L;

    private final IUpdater users;
    private final transient ReLoraSchedule schedule;
    private final transient KeptNumber step;

    /**
     * @param users whose rate to follow; only read
     * @param step the live number of steps taken
     */
    ReLoraRate(IUpdater users, ReLoraSchedule schedule, KeptNumber step) {
        this.users = users;
        this.schedule = schedule;
        this.step = step;
    }

    @Override
    public double valueAt(int iteration, int epoch) {
        return schedule.multiplier(step.get()) * users.getLearningRate(iteration, epoch);
    }

    /** A copy counts the same steps. */
    @Override
    @SuppressWarnings("MethodDoesntCallSuperMethod")
    public ReLoraRate clone() {
        return new ReLoraRate(users, schedule, step);
    }
}
