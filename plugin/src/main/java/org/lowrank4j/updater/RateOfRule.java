package org.lowrank4j.updater;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;

/** The learning rate of a rule in the place of the configured one; a schedule keeps its shape. */
public final class RateOfRule implements ISchedule {

    private static final long serialVersionUID = 1L;

    private final IUpdater configured;
    private final double rate;

    private RateOfRule(IUpdater configured, double rate) {
        this.configured = configured;
        this.rate = rate;
    }

    /**
     * The same updater at another rate.
     *
     * @param updater as configured; not changed
     * @param rate of the first step
     * @throws LowRankException if the updater has no learning rate
     */
    public static IUpdater of(IUpdater updater, double rate) {
        if (!updater.hasLearningRate()) {
            throw new LowRankException("rate=" + rate + " sets the learning rate of what trains, and "
                    + ChosenUpdater.name(updater) + " has none. Leave it out, or use an updater with a learning rate,"
                    + " such as Adam or Sgd.");
        }
        IUpdater other = updater.clone();
        other.setLrAndSchedule(rate, new RateOfRule(updater, rate));
        return other;
    }

    @Override
    public double valueAt(int iteration, int epoch) {
        double first = configured.getLearningRate(0, 0);
        return first == 0 ? rate : rate * (configured.getLearningRate(iteration, epoch) / first);
    }

    @Override
    @SuppressWarnings("MethodDoesntCallSuperMethod")
    public RateOfRule clone() {
        return new RateOfRule(configured, rate);
    }

    /** What is equal shares an updater. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof RateOfRule its && rate == its.rate && configured.equals(its.configured);
    }

    @Override
    public int hashCode() {
        return Objects.hash(configured, rate);
    }
}
