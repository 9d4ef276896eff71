package org.lowrank4j.hook;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.engine.RulesInForce;
import org.lowrank4j.engine.SparkTraining;

/** Spark where it averages parameters: how networks get from its driver to its executors, and back. */
public final class SparkHooks {

    private SparkHooks() {}

    /** Before a fit of a master; the answer comes back to {@link #fitEnds}. One of both networks is null. */
    public static @Nullable Object fitBegins(
            Object master, @Nullable Object layers, @Nullable Object graph, Object data) {
        Object spark = layers == null ? graph : layers;
        return RulesInForce.none() || spark == null ? null : SparkTraining.fitBegins(master, spark, data);
    }

    /** After a fit of a master, also when it failed. */
    public static void fitEnds(Object master, @Nullable Object token, @Nullable Throwable thrown) {
        if (token != null) {
            SparkTraining.fitEnds(token, thrown);
        }
    }

    /** Instead of {@code ParameterAveragingTrainingMaster.getWorkerInstance(..)}; null leaves it to DL4J. */
    public static @Nullable Object worker(Object master, Object spark) {
        return RulesInForce.none() ? null : SparkTraining.worker(master, spark);
    }

    /**
     * Instead of {@code ParameterAveragingTrainingWorker.getInitialModel()} and its twin; null leaves it to DL4J. An executor
     * may have no rules of its own.
     */
    public static @Nullable Object network(Object worker) {
        return SparkTraining.network(worker);
    }

    /** Instead of {@code ParameterAveragingTrainingWorker.getFinalResultNoData()}; null leaves it to DL4J. */
    public static @Nullable Object nothing(Object worker) {
        return SparkTraining.nothing(worker);
    }

    /**
     * Before {@code ParameterAveragingAggregationTuple.getAggregationsCount()}.
     *
     * @param results what it will answer
     * @return null, which leaves it to DL4J
     */
    public static @Nullable Object summedUp(int results) {
        SparkTraining.summedUp(results);
        return null;
    }

    /** Before {@code ParameterAveragingTrainingWorker.getFinalResult(..)}; the answer comes back to {@link #resultEnds}. */
    public static @Nullable Object resultBegins(Object network) {
        return RulesInForce.none() ? null : SparkTraining.resultBegins(network);
    }

    /** After {@code ParameterAveragingTrainingWorker.getFinalResult(..)}, also when it failed. */
    public static void resultEnds(Object worker, @Nullable Object token, @Nullable Throwable thrown) {
        if (token != null) {
            ((Runnable) token).run();
        }
    }
}
