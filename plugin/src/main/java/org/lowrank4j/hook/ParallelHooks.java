package org.lowrank4j.hook;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.engine.ParallelTraining;
import org.lowrank4j.engine.RulesInForce;

/** ParallelWrapper and its trainers: where replicas of a network begin, come together and end. */
public final class ParallelHooks {

    private ParallelHooks() {}

    /** Instead of {@code ParallelWrapper.fit(DataSetIterator)} and its twin; null leaves it to DL4J. */
    public static @Nullable Object fit(Object wrapper, Object model, Object iterator) {
        return !RulesInForce.none() && ParallelTraining.fit(wrapper, model, iterator) ? Boolean.TRUE : null;
    }

    /** Before a fit; the answer comes back to {@link #ends}. */
    public static @Nullable Object begins(
            Object wrapper, Object model, int workers, @Nullable Object accumulator, boolean averageUpdaters) {
        return RulesInForce.none()
                ? null
                : ParallelTraining.begins(wrapper, model, workers, accumulator, averageUpdaters);
    }

    /** After a fit, also when it failed. */
    public static void ends(Object wrapper, @Nullable Object token, @Nullable Throwable thrown) {
        if (token != null) {
            ParallelTraining.ends(wrapper, token, thrown);
        }
    }

    /** Before {@code DefaultTrainer.run()}; the answer comes back to {@link #workerEnds}. */
    public static @Nullable Object workerBegins(Object trainer, Object original, int index) {
        return RulesInForce.none() ? null : ParallelTraining.workerBegins(trainer, original, index);
    }

    /** After {@code DefaultTrainer.run()}, also when it failed. */
    public static void workerEnds(Object trainer, @Nullable Object token, @Nullable Throwable thrown) {
        if (token != null) {
            ParallelTraining.workerEnds(token, thrown);
        }
    }

    /** Before {@code DefaultTrainer.postInit()}. */
    public static @Nullable Object replicated(Object model) {
        if (!RulesInForce.none()) {
            ParallelTraining.replicated(model);
        }
        return null;
    }

    /** Before {@code DefaultTrainer.fit(DataSet)} and its twin; the answer comes back to {@link #roundEnds}. */
    public static @Nullable Object roundBegins(Object trainer) {
        return RulesInForce.none() ? null : Boolean.TRUE;
    }

    /** After {@code DefaultTrainer.fit(DataSet)} and its twin, also when they failed. */
    public static void roundEnds(Object trainer, @Nullable Object token, @Nullable Throwable thrown) {
        if (token != null) {
            ParallelTraining.roundEnds();
        }
    }

    /** Instead of {@code ParallelWrapper.getScore(AtomicInteger)}, which averages all parameters; null leaves it to DL4J. */
    public static @Nullable Object average(Object wrapper, Object model, Object trained, boolean updaters) {
        return RulesInForce.none()
                ? null
                : ParallelTraining.average(wrapper, model, ((AtomicInteger) trained).get(), updaters);
    }
}
