package org.lowrank4j.engine;

import java.util.List;
import java.util.Objects;
import org.deeplearning4j.nn.api.Model;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.factory.Nd4j;

/** The members of Spark and of Deeplearning4j's module for it. */
final class SparkInternals {

    private static final String DL4J = "org.deeplearning4j.spark.";
    private static final String WORKER = DL4J + "impl.paramavg.ParameterAveragingTrainingWorker";
    private static final String WORKER_STATS = DL4J
            + "impl.paramavg.stats.ParameterAveragingTrainingWorkerStats$ParameterAveragingTrainingWorkerStatsHelper";
    private static final String AGGREGATOR = DL4J + "impl.paramavg.aggregator.";
    private static final String SPARK_FUNCTION = "org.apache.spark.api.java.function.";
    private static final String RESULT = DL4J + "impl.paramavg.ParameterAveragingTrainingResult";

    private SparkInternals() {}

    /** That of a SparkDl4jMultiLayer or a SparkComputationGraph. */
    static Model network(Object spark) {
        return (Model) ByName.get(spark, "getNetwork");
    }

    /** Its JavaSparkContext. */
    static Object context(Object spark) {
        return ByName.get(spark, "getSparkContext");
    }

    /** Whether all of Spark is in this JVM. */
    static boolean isLocal(Object context) {
        return (boolean) ByName.get(context, "isLocal");
    }

    /** A setting of the program; "" if there is none. */
    static String setting(Object context, String name) {
        Object conf = ByName.get(context, "getConf");
        return (String)
                Objects.requireNonNull(ByName.call(conf, "get", new Class<?>[] {String.class, String.class}, name, ""));
    }

    /** Sends a value to whoever asks the answer for it. */
    static Object broadcast(Object context, Object value) {
        return Objects.requireNonNull(ByName.call(context, "broadcast", new Class<?>[] {Object.class}, value));
    }

    /** How many JVMs fetch what is broadcast: the driver's own if Spark is local, all others if it is not. */
    static int executors(Object context) {
        Object all = ByName.get(ByName.get(context, "sc"), "getExecutorMemoryStatus");
        return Math.max(1, (int) ByName.get(all, "size") - 1);
    }

    /** For how many workers a master that trains splits its data. */
    static int workers(Object master) {
        return (int) Objects.requireNonNull(ByName.field(master, "numWorkers"));
    }

    /** How many examples a worker takes a step with. */
    static int batchSize(Object master) {
        return (int) Objects.requireNonNull(ByName.field(master, "batchSizePerWorker"));
    }

    /** The first elements of an RDD, enough for so many examples. */
    static List<?> first(Object data, int examples, Object master) {
        int each = (int) Objects.requireNonNull(ByName.field(master, "rddDataSetNumExamples"));
        int count = (examples + each - 1) / each;
        return (List<?>) Objects.requireNonNull(ByName.call(data, "take", new Class<?>[] {int.class}, count));
    }

    /** Frees a broadcast, here and on all executors. */
    static void destroy(Object broadcast) {
        ByName.run(broadcast, "destroy");
    }

    /** The value of a broadcast. */
    static Object value(Object broadcast) {
        return ByName.get(broadcast, "getValue");
    }

    /** Whether the workers of a master bring the states of their updaters back. */
    static boolean bringsUpdaters(Object master) {
        return (boolean) Objects.requireNonNull(ByName.field(master, "saveUpdater"));
    }

    /** Lets a master measure, if it does, how long it takes to send something. */
    static Object measured(Object master, Object context, Object value) {
        Object stats = collectsStats(master) ? ByName.field(master, "stats") : null;
        if (stats != null) {
            ByName.run(stats, "logBroadcastStart");
        }
        Object broadcast = broadcast(context, value);
        if (stats != null) {
            ByName.run(stats, "logBroadcastEnd");
        }
        return broadcast;
    }

    private static boolean collectsStats(Object owner) {
        return (boolean) Objects.requireNonNull(ByName.field(owner, "collectTrainingStats"));
    }

    /** A worker as the master makes it, with another broadcast. */
    static Object worker(Object master, boolean graph, Object broadcast) {
        Object configuration = ByName.make(
                ByName.type(master, DL4J + "api.WorkerConfiguration"),
                graph,
                ByName.field(master, "rddDataSetNumExamples"),
                ByName.field(master, "batchSizePerWorker"),
                ByName.field(master, "averagingFrequency"),
                ByName.field(master, "prefetchNumBatches"),
                collectsStats(master));
        return ByName.make(
                ByName.type(master, WORKER),
                broadcast,
                bringsUpdaters(master),
                configuration,
                ByName.field(master, "trainingHookList"),
                ByName.field(master, "listeners"),
                ByName.call(master, "getRouterProvider", new Class<?>[0]));
    }

    /**
     * What workers answer to no data at all.
     *
     * @param asked tasks, as many as the cluster has cores for
     * @param answered those of them whose worker said anything
     * @param score the sum of theirs
     */
    record Answers(int asked, int answered, double score) {}

    /** Results cannot be collected; as in training, DL4J's sum of them is, which leaves out those without parameters. */
    static Answers ofNothing(Object master, Object context, Object broadcast) {
        Object configuration =
                ByName.make(ByName.type(master, DL4J + "api.WorkerConfiguration"), false, 1, 1, 1, 0, false);
        Object worker = ByName.make(ByName.type(master, WORKER), broadcast, false, configuration, null, null, null);
        Object task = ByName.make(ByName.type(master, DL4J + "api.worker.ExecuteWorkerFlatMap"), worker);
        int tasks = (int) ByName.get(context, "defaultParallelism");
        Object nothing = Objects.requireNonNull(
                ByName.call(context, "parallelize", new Class<?>[] {List.class, int.class}, List.of(), tasks));
        Class<?> flatMap = ByName.type(master, SPARK_FUNCTION + "FlatMapFunction");
        Object results = Objects.requireNonNull(ByName.call(nothing, "mapPartitions", new Class<?>[] {flatMap}, task));
        Class<?> sum = ByName.type(master, SPARK_FUNCTION + "Function2");
        Object all = Objects.requireNonNull(ByName.call(
                results,
                "treeAggregate",
                new Class<?>[] {Object.class, sum, sum},
                null,
                ByName.make(ByName.type(master, AGGREGATOR + "ParameterAveragingElementAddFunction")),
                ByName.make(ByName.type(master, AGGREGATOR + "ParameterAveragingElementCombineFunction"))));
        return ByName.call(all, "getParametersSum", new Class<?>[0]) == null
                ? new Answers(tasks, 0, 0)
                : new Answers(
                        tasks, (int) ByName.get(all, "getAggregationsCount"), (double) ByName.get(all, "getScoreSum"));
    }

    /** The answer of a worker to no data, with parameters and another score. */
    static Object resultOfNothing(Object worker, double score) {
        return ByName.make(ByName.type(worker, RESULT), Nd4j.zeros(1, 1), null, score, null, null, null);
    }

    /** What a worker was sent. */
    static Object sent(Object worker) {
        return value(Objects.requireNonNull(ByName.field(worker, "broadcast")));
    }

    /** The measurements of a worker, begun anew; null if there are none. */
    static @Nullable Object beginStats(Object worker) {
        Object configuration = Objects.requireNonNull(ByName.field(worker, "configuration"));
        if (!collectsStats(configuration)) {
            return null;
        }
        Object stats = ByName.make(ByName.type(worker, WORKER_STATS));
        ByName.field(worker, "stats", stats);
        ByName.run(stats, "logBroadcastGetValueStart");
        return stats;
    }

    /** Gives the network of a worker the program's listeners. */
    static void listeners(Object worker, Model network, int counter) {
        ByName.call(worker, "configureListeners", new Class<?>[] {Model.class, int.class}, network, counter);
    }
}
