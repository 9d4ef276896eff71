package org.lowrank4j.engine;

import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.deeplearning4j.datasets.iterator.IteratorDataSetIterator;
import org.deeplearning4j.datasets.iterator.IteratorMultiDataSetIterator;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.gradient.exchange.FactorExchange;
import org.lowrank4j.registry.Methods;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * What Spark does with a network that a rule applies to where it averages parameters: the driver sends the whole network
 * once, and what trains with each split; the workers bring what trains back.
 */
public final class SparkTraining {

    private static final String WIRE = "lowrank4j";
    private static final String BASE = "base";
    private static final String VALUES = "values";
    private static final String STATE = "state";
    private static final String ITERATION = "iteration";
    private static final String EPOCH = "epoch";
    private static final String COUNTER = "counter";

    /** How many results DL4J has summed up last, by the thread that did. */
    private static final ThreadLocal<Integer> SUMMED_UP = ThreadLocal.withInitial(() -> 0);

    private SparkTraining() {}

    /**
     * Called before a fit.
     *
     * @param spark a SparkDl4jMultiLayer or a SparkComputationGraph
     * @param data an RDD, of which starts that learn from minibatches get the first ones
     * @return what {@link #fitEnds} gets, null for nothing
     */
    public static @Nullable Object fitBegins(Object master, Object spark, Object data) {
        Object model = SparkInternals.network(spark);
        Enrolment enrolment = Attachment.enrolment(model);
        if (enrolment == null) {
            return null;
        }
        // One kind of fit may have been handed on by another one, which has read them.
        if (enrolment.readAhead().isEmpty()) {
            int wanted = Training.wantedBatches(model);
            if (wanted > 0) {
                enrolment.readAhead(firstBatches(enrolment, master, data, wanted));
            }
        }
        return new Fit(enrolment, SparkInternals.context(spark));
    }

    /** The first minibatches, each put together as a worker does it. */
    @SuppressWarnings("unchecked")
    private static List<MultiDataSet> firstBatches(Enrolment enrolment, Object master, Object data, int wanted) {
        int size = SparkInternals.batchSize(master);
        List<?> first = SparkInternals.first(data, wanted * size, master);
        if (first.stream().allMatch(DataSet.class::isInstance)) {
            Iterator<DataSet> users = ((List<DataSet>) first).iterator();
            return new ReplayedDataSets(new IteratorDataSetIterator(users, size), wanted).batches();
        } else if (first.stream().allMatch(MultiDataSet.class::isInstance)) {
            Iterator<MultiDataSet> users = ((List<MultiDataSet>) first).iterator();
            return new ReplayedMultiDataSets(new IteratorMultiDataSetIterator(users, size), wanted).batches();
        }
        throw enrolment.said(new LowRankException("the adapters of this network ("
                + enrolment.rule().source() + ") start from what they learn from " + wanted
                + " minibatches, and the driver does not read files of data. Train it with fit(JavaRDD) of"
                + " data sets, or choose an init that needs W only."));
    }

    /** One fit of a master. */
    private record Fit(Enrolment enrolment, Object context) {}

    /**
     * Called after that fit.
     *
     * @throws LowRankException that explains the failure, if that is needed
     */
    public static void fitEnds(Object token, @Nullable Throwable thrown) {
        Fit fit = (Fit) token;
        fit.enrolment().readAhead(List.of());
        Splits splits = fit.enrolment().splits();
        if (splits == null) {
            return;
        }
        splits.fitEnds();
        fit.enrolment().counters().ends();
        String explanation = thrown == null || thrown instanceof LowRankException
                ? null
                : Handshake.explanation(thrown, fit.context());
        if (explanation != null) {
            throw fit.enrolment().said(new LowRankException(explanation + ".", thrown));
        }
    }

    /**
     * Called on the driver for each split, in the place of sending all parameters.
     *
     * @param spark a SparkDl4jMultiLayer or a SparkComputationGraph
     * @return the worker to be sent; null for a network that trains as stock
     */
    public static @Nullable Object worker(Object master, Object spark) {
        Object model = SparkInternals.network(spark);
        Enrolment enrolment = Attachment.enrolment(model);
        NetworkParts network = NetworkParts.of(model);
        if (enrolment == null || network == null) {
            return null;
        }
        try {
            Object context = SparkInternals.context(spark);
            Session session = enrolment.stock() ? null : session(master, context, enrolment, network);
            if (session == null) {
                Beginning.leaveUpdater(network);
                return null;
            }
            Splits splits = splits(master, context, enrolment, network, session);
            HashMap<String, Object> split = split(network, session, splits);
            splits.begins(
                    bringsStates(master, session),
                    Traffic.of(session, network, bringsStates(master, session), false)
                            .sent());
            enrolment.counters().fromDriver(SparkInternals.executors(context) * bytes(split));
            return SparkInternals.worker(
                    master, model instanceof ComputationGraph, SparkInternals.measured(master, context, split));
        } catch (LowRankException refused) {
            throw enrolment.said(refused);
        }
    }

    /** The training, which begins with the first split of the first fit; null for one that is stock. */
    private static @Nullable Session session(Object master, Object context, Enrolment enrolment, NetworkParts network) {
        Splits splits = enrolment.splits();
        Session begun = enrolment.session();
        if (begun != null && splits != null && splits.isOf(begun)) {
            return begun;
        }
        ExchangeChoice choice = ExchangeChoice.ofSpark(Methods.load());
        try {
            return Beginning.forReplicas(enrolment, network, plan -> {
                choice.accept(plan);
                String problem = RulesInForce.reportOnly() ? null : Handshake.problem(master, context);
                if (problem != null) {
                    throw new NoExecutors(problem);
                }
            });
        } catch (NoExecutors without) {
            Beginning.handOver(enrolment, network, without.reason);
            return null;
        }
    }

    /** Ends a beginning before anything of the network has changed: its plan is good, and there is nobody to follow it. */
    private static final class NoExecutors extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private final String reason;

        NoExecutors(String reason) {
            super(reason);
            this.reason = reason;
        }
    }

    /** With a base for this fit. */
    private static Splits splits(
            Object master, Object context, Enrolment enrolment, NetworkParts network, Session session) {
        Splits splits = enrolment.splits();
        if (splits != null && splits.isOf(session)) {
            return splits;
        }
        HashMap<String, Object> base = SparkBase.toSend(network, enrolment.rule(), session);
        ExchangeCounters counters = enrolment.counters();
        splits = new Splits(session, SparkInternals.broadcast(context, base), counters);
        counters.begins(new FactorExchange().name(), SparkInternals.workers(master));
        counters.fromDriver(SparkInternals.executors(context) * SparkBase.bytes(base));
        enrolment.splits(splits);
        enrolment.report(String.format(
                Locale.ROOT,
                "Spark, exchange=factors: to each worker and back %s; before that, %,d bytes once a fit",
                Traffic.of(session, network, bringsStates(master, session), false)
                        .text("a split"),
                SparkBase.bytes(base)));
        return splits;
    }

    /** Whether workers bring states of updaters back. */
    private static boolean bringsStates(Object master, Session session) {
        return SparkInternals.bringsUpdaters(master) && session.updaterState() != null;
    }

    /** A state of zeros is what updaters begin with. */
    private static HashMap<String, Object> split(NetworkParts network, Session session, Splits splits) {
        HashMap<String, Object> split = new HashMap<>();
        split.put(WIRE, Handshake.VERSION);
        split.put(BASE, splits.base());
        split.put(VALUES, session.values());
        INDArray state = session.updaterState();
        if (state != null && state.amaxNumber().doubleValue() > 0) {
            split.put(STATE, state);
        }
        split.put(ITERATION, network.iteration());
        split.put(EPOCH, network.epoch());
        split.put(COUNTER, new int[1]);
        return split;
    }

    /**
     * Called on an executor where a worker makes its network.
     *
     * @return the network; null where the driver sent it as stock
     */
    public static @Nullable Object network(Object worker) {
        if (!(SparkInternals.sent(worker) instanceof Map<?, ?> split)) {
            return null;
        }
        requireSame(split);
        Object stats = SparkInternals.beginStats(worker);
        Map<?, ?> base = (Map<?, ?>) SparkInternals.value(part(split, BASE));
        if (stats != null) {
            ByName.run(stats, "logBroadcastGetValueEnd");
        }
        NetworkParts network = new SparkBase(base)
                .network(
                        (int) part(split, ITERATION),
                        (int) part(split, EPOCH),
                        (INDArray) part(split, VALUES),
                        (INDArray) split.get(STATE));
        SparkInternals.listeners(worker, network.model(), next((int[]) part(split, COUNTER)));
        if (stats != null) {
            ByName.run(stats, "logInitEnd");
        }
        return network.model();
    }

    /** Of the arrays; what else is in it is small. */
    private static long bytes(Map<String, Object> split) {
        return split.values().stream()
                .filter(INDArray.class::isInstance)
                .mapToLong(array -> SparkBase.bytes((INDArray) array))
                .sum();
    }

    /** Called where DL4J asks how many results a sum has. */
    public static void summedUp(int results) {
        SUMMED_UP.set(results);
    }

    /** How many results the mean has that the calling thread is about to set. */
    static int summedUp() {
        return SUMMED_UP.get();
    }

    private static Object part(Map<?, ?> split, String name) {
        return Objects.requireNonNull(split.get(name), name);
    }

    /** DL4J numbers the workers that a JVM makes of one split. */
    private static int next(int[] counter) {
        synchronized (counter) {
            return counter[0]++;
        }
    }

    private static void requireSame(Map<?, ?> split) {
        String problem = RulesInForce.weavingProblem();
        if (problem != null) {
            throw new IllegalStateException("this executor cannot train for a driver with lowrank4j: " + problem);
        }
        if (!part(split, WIRE).equals(Handshake.VERSION)) {
            throw new IllegalStateException("the driver and this executor have different versions of lowrank4j:"
                    + " start both with the same agent.");
        }
    }

    /**
     * Called on an executor where a worker takes the result of its network: DL4J asks the network for its parameters and its
     * updater's state then, and gets those of what trains.
     *
     * @return what to run after it, null for nothing
     */
    public static @Nullable Runnable resultBegins(Object model) {
        Enrolment enrolment = Attachment.enrolment(model);
        if (enrolment == null || enrolment.session() == null) {
            return null;
        }
        enrolment.showsTrained(true);
        return () -> enrolment.showsTrained(false);
    }

    /**
     * Called on an executor where a worker has no data.
     *
     * @return its result; null leaves it to DL4J
     */
    public static @Nullable Object nothing(Object worker) {
        return Handshake.answer(worker);
    }
}
