package org.lowrank4j.updater;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;

/**
 * An {@link Updater} as ND4J's updaters are, in the place of one of them, whose rate and schedule it goes by. Its state is
 * one stretch after another, each with a number for every entry.
 */
public final class ChosenUpdater implements IUpdater {

    private static final long serialVersionUID = 1L;

    private final IUpdater configured;
    private final String name;
    private final int arrays;
    private final transient Updater.Steps steps;

    private ChosenUpdater(IUpdater configured, String name, int arrays, Updater.Steps steps) {
        this.configured = configured;
        this.name = name;
        this.arrays = arrays;
        this.steps = steps;
    }

    /**
     * What puts an updater in the place of those that a network is configured with.
     *
     * @param options the values of its options
     * @param kept of the network
     */
    public static UnaryOperator<IUpdater> insteadOf(Updater updater, OptionValues options, Kept kept) {
        Updater.Steps steps = updater.steps(options, kept);
        return configured -> new ChosenUpdater(configured, updater.name(), updater.arrays(), steps);
    }

    /** An updater as messages name it. */
    public static String name(IUpdater updater) {
        return updater instanceof ChosenUpdater chosen
                ? "updater=" + chosen.name
                : updater.getClass().getSimpleName();
    }

    /** Ends a step of the updaters of one network: its entries are all seen, and their steps and decay are there. */
    public static void end(List<GradientUpdater<?>> updaters) {
        List<Running> running = new ArrayList<>();
        for (GradientUpdater<?> updater : updaters) {
            if (updater instanceof Running one && one.last != null) {
                running.add(one);
            }
        }
        if (!running.isEmpty() && running.get(0).config.steps.allSeen(running.get(0).t)) {
            running.forEach(Running::correct);
        }
        running.forEach(one -> one.last = null);
    }

    @Override
    public long stateSize(long numParams) {
        return arrays * numParams;
    }

    @Override
    public GradientUpdater<ChosenUpdater> instantiate(@Nullable INDArray viewArray, boolean initializeViewArray) {
        Running running = new Running(this);
        if (viewArray != null) {
            running.setStateViewArray(viewArray, new long[0], 'c', initializeViewArray);
        }
        return running;
    }

    @Override
    public GradientUpdater<ChosenUpdater> instantiate(
            Map<String, INDArray> updaterState, boolean initializeStateArrays) {
        throw new UnsupportedOperationException(name(this) + " has its state in one array");
    }

    /** A copy with settings of its own, in the same network. */
    @Override
    @SuppressWarnings("MethodDoesntCallSuperMethod")
    public ChosenUpdater clone() {
        return new ChosenUpdater(configured.clone(), name, arrays, steps);
    }

    @Override
    public double getLearningRate(int iteration, int epoch) {
        double rate = configured.hasLearningRate() ? configured.getLearningRate(iteration, epoch) : 1;
        return rate == 0 ? 0 : steps.rate(rate, iteration + 1L);
    }

    @Override
    public boolean hasLearningRate() {
        return true;
    }

    /** @throws LowRankException if the updater does not go by this rate */
    @Override
    public void setLrAndSchedule(double lr, ISchedule lrSchedule) {
        if (!steps.goesByConfiguredRate()) {
            throw new LowRankException(name(this) + " finds one rate for all that trains, and the rule sets another"
                    + " (rate, loraplus, update=relora). Write " + name
                    + ".rate=configured, so that these rates count, or leave out one of the two.");
        }
        configured.setLrAndSchedule(lr, lrSchedule);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ChosenUpdater that && steps == that.steps && configured.equals(that.configured);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, configured);
    }

    @Override
    public String toString() {
        return name(this) + " in the place of " + configured;
    }

    /** The updater of a block of entries. */
    private static final class Running implements GradientUpdater<ChosenUpdater> {

        private final ChosenUpdater config;
        private List<INDArray> arrays = List.of();
        private @Nullable INDArray last;
        private double rate;
        private long t;

        Running(ChosenUpdater config) {
            this.config = config;
        }

        @Override
        public ChosenUpdater getConfig() {
            return config;
        }

        @Override
        public void setState(Map<String, INDArray> stateMap, boolean initialize) {
            throw new UnsupportedOperationException(name(config) + " has its state in one array");
        }

        @Override
        public Map<String, INDArray> getState() {
            return Map.of();
        }

        @Override
        public void setStateViewArray(
                INDArray viewArray, long[] gradientShape, char gradientOrder, boolean initialize) {
            if (initialize) {
                viewArray.assign(0);
            }
            INDArray flat = viewArray.reshape(viewArray.length());
            long entries = flat.length() / config.arrays;
            List<INDArray> stretches = new ArrayList<>();
            for (int i = 0; i < config.arrays; i++) {
                stretches.add(flat.get(NDArrayIndex.interval(i * entries, (i + 1) * entries)));
            }
            arrays = stretches;
        }

        @Override
        public void applyUpdater(INDArray gradient, int iteration, int epoch) {
            rate = config.getLearningRate(iteration, epoch);
            t = iteration + 1L;
            Pieces.of(gradient, arrays, (entries, kept, count) -> config.steps.step(entries, kept, count, rate, t));
            last = gradient;
        }

        private void correct() {
            Pieces.of(
                    Objects.requireNonNull(last),
                    arrays,
                    (entries, kept, count) -> config.steps.correct(entries, kept, count, rate, t));
        }
    }
}
