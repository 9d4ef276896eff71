package org.lowrank4j.engine;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.registry.Methods;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What Spark does with a network that a rule applies to where it averages parameters: the driver sends the whole network
 * once, and what trains with each split; the workers bring what trains back.
 */
public final class SparkTraining {

    /** Of the maps that are sent: both ends must have the same. */
    private static final int VERSION = 1;

    private static final String WIRE = "lowrank4j";
    private static final String BASE = "base";
    private static final String VALUES = "values";
    private static final String STATE = "state";
    private static final String ITERATION = "iteration";
    private static final String EPOCH = "epoch";
    private static final String COUNTER = "counter";

    private SparkTraining() {}

    /**
     * Called before a fit.
     *
     * @param spark a SparkDl4jMultiLayer or a SparkComputationGraph
     * @return what {@link #fitEnds} gets, null for nothing
     */
    public static @Nullable Object fitBegins(Object spark) {
        return Attachment.enrolment(SparkInternals.network(spark));
    }

    /** Called after that fit. */
    public static void fitEnds(Object token, @Nullable Throwable thrown) {
        Splits splits = ((Enrolment) token).splits();
        if (splits != null) {
            splits.fitEnds();
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
            Session session = enrolment.stock()
                    ? null
                    : Beginning.forReplicas(enrolment, network, ExchangeChoice.ofSpark(Methods.load()));
            if (session == null) {
                Beginning.leaveUpdater(network);
                return null;
            }
            Splits splits = enrolment.splits();
            if (splits == null || !splits.isOf(session)) {
                splits = new Splits(
                        session,
                        SparkInternals.broadcast(context, SparkBase.toSend(network, enrolment.rule(), session)));
                enrolment.splits(splits);
            }
            HashMap<String, Object> split = split(network, session, splits);
            splits.begins(SparkInternals.bringsUpdaters(master) && split.containsKey(STATE));
            return SparkInternals.worker(
                    master, model instanceof ComputationGraph, SparkInternals.measured(master, context, split));
        } catch (LowRankException refused) {
            throw enrolment.said(refused);
        }
    }

    private static HashMap<String, Object> split(NetworkParts network, Session session, Splits splits) {
        HashMap<String, Object> split = new HashMap<>();
        split.put(WIRE, VERSION);
        split.put(BASE, splits.base());
        split.put(VALUES, session.values());
        INDArray state = session.updaterState();
        if (state != null) {
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
        NetworkParts network = SparkBase.of(base)
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
        if (!part(split, WIRE).equals(VERSION)) {
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
}
