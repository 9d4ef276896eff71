package org.lowrank4j.gradient;

import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;

/**
 * Stands for the user's updater of one tensor where an approximation makes the steps. Settings such as the learning rate
 * and its schedule stay the user's. Its state is the approximation's own, saved with the target, so it has none here.
 */
final class MethodUpdater implements IUpdater {

    private static final long serialVersionUID = 1L;

    /** Turns a gradient into a step, in place. */
    interface Rule {
        /**
         * @param gradient of one tensor, rank 1, in the tensor's order
         * @param users the user's updater, whose settings count
         */
        void apply(INDArray gradient, IUpdater users, int iteration, int epoch);

        /** The rate of the step just taken, which decoupled decay is multiplied by. */
        default double rate(IUpdater users, int iteration, int epoch) {
            return users.hasLearningRate() ? users.getLearningRate(iteration, epoch) : 1;
        }
    }

    private final IUpdater users;
    private final transient Rule rule;

    MethodUpdater(IUpdater users, Rule rule) {
        this.users = users;
        this.rule = rule;
    }

    @Override
    public long stateSize(long numParams) {
        return 0;
    }

    @Override
    public GradientUpdater<MethodUpdater> instantiate(INDArray viewArray, boolean initializeViewArray) {
        return new Updater(this);
    }

    @Override
    public GradientUpdater<MethodUpdater> instantiate(
            Map<String, INDArray> updaterState, boolean initializeStateArrays) {
        return new Updater(this);
    }

    /** A copy with its own settings; the state is the same target's. */
    @Override
    @SuppressWarnings("MethodDoesntCallSuperMethod")
    public MethodUpdater clone() {
        return new MethodUpdater(users.clone(), rule);
    }

    @Override
    public double getLearningRate(int iteration, int epoch) {
        return rule.rate(users, iteration, epoch);
    }

    @Override
    public boolean hasLearningRate() {
        return true;
    }

    @Override
    public void setLrAndSchedule(double lr, ISchedule lrSchedule) {
        users.setLrAndSchedule(lr, lrSchedule);
    }

    private static final class Updater implements GradientUpdater<MethodUpdater> {

        private final MethodUpdater config;

        Updater(MethodUpdater config) {
            this.config = config;
        }

        @Override
        public MethodUpdater getConfig() {
            return config;
        }

        @Override
        public void setState(Map<String, INDArray> stateMap, boolean initialize) {
            requireNone(stateMap.isEmpty());
        }

        @Override
        public Map<String, INDArray> getState() {
            return Map.of();
        }

        @Override
        public void setStateViewArray(
                INDArray viewArray, long[] gradientShape, char gradientOrder, boolean initialize) {
            requireNone(viewArray.isEmpty());
        }

        private static void requireNone(boolean none) {
            if (!none) {
                throw new IllegalArgumentException("this updater's state is saved with its layer's adapter");
            }
        }

        @Override
        public void applyUpdater(INDArray gradient, int iteration, int epoch) {
            config.rule.apply(gradient.reshape(gradient.length()), config.users, iteration, epoch);
        }
    }
}
