package org.lowrank4j.engine;

import java.util.List;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.optimize.solvers.accumulation.EncodedGradientsAccumulator;
import org.deeplearning4j.optimize.solvers.accumulation.GradientsAccumulator;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.LowRankException;
import org.lowrank4j.registry.Methods;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;

/** What ParallelWrapper does with a network that a rule applies to: it trains replicas of it, each with adapters. */
public final class ParallelTraining {

    private ParallelTraining() {}

    /** One fit of a wrapper. */
    private record Fit(
            Enrolment enrolment,
            NetworkParts network,
            @Nullable GradientsAccumulator accumulator) {}

    /**
     * Called instead of a fit: where starts learn from minibatches, they get the first ones of the iterator.
     *
     * @return true if the fit was done here
     */
    public static boolean fit(Object wrapper, Object model, Object iterator) {
        if (iterator instanceof ReadAhead<?>) {
            return false;
        }
        int wanted = Training.wantedBatches(model);
        if (wanted == 0) {
            return false;
        }
        if (iterator instanceof DataSetIterator users) {
            ReplayedDataSets replayed = new ReplayedDataSets(users, wanted);
            Training.readAhead(model, replayed.batches());
            fit(wrapper, model, DataSetIterator.class, replayed);
            return true;
        }
        if (iterator instanceof MultiDataSetIterator users) {
            ReplayedMultiDataSets replayed = new ReplayedMultiDataSets(users, wanted);
            Training.readAhead(model, replayed.batches());
            fit(wrapper, model, MultiDataSetIterator.class, replayed);
            return true;
        }
        return false;
    }

    private static void fit(Object wrapper, Object model, Class<?> kind, Object replayed) {
        try {
            WrapperInternals.fit(wrapper, kind, replayed);
        } finally {
            Training.readAhead(model, List.of());
        }
    }

    /**
     * Called before the threads of a wrapper are made: the training begins here and now, for all replicas to start alike.
     *
     * @param workers how many there will be
     * @param accumulator of the wrapper; null where it averages
     * @param averageUpdaters whether the states of the updaters are averaged
     * @return what {@link #ends} gets, null for a network that trains as stock
     */
    public static @Nullable Object begins(
            Object wrapper, Object model, int workers, @Nullable Object accumulator, boolean averageUpdaters) {
        Enrolment enrolment = Attachment.enrolment(model);
        NetworkParts network = NetworkParts.of(model);
        if (enrolment == null || network == null || enrolment.stock()) {
            return null;
        }
        try {
            Methods methods = Methods.load();
            GradientsAccumulator users = (GradientsAccumulator) accumulator;
            ExchangeChoice choice = ExchangeChoice.ofWrapper(methods, users);
            Session session = Beginning.forReplicas(enrolment, network, choice);
            if (session == null) {
                return null;
            }
            Replicas replicas = new Replicas(enrolment, session, network, choice, users, methods, workers);
            enrolment.replicas(replicas);
            replicas.begin(network, averageUpdaters);
            Meeting meeting = replicas.meeting();
            if (meeting != null) {
                WrapperInternals.accumulator(wrapper, new Rounds(meeting));
            }
            return new Fit(enrolment, network, users);
        } catch (LowRankException refused) {
            throw enrolment.said(refused);
        }
    }

    /** Called after that fit: the network is the program's again. */
    public static void ends(Object wrapper, Object token, @Nullable Throwable thrown) {
        Fit fit = (Fit) token;
        Replicas replicas = fit.enrolment().replicas();
        boolean foreign =
                fit.accumulator() != null && fit.accumulator().getClass() != EncodedGradientsAccumulator.class;
        if (thrown != null && !foreign) {
            endThreads(wrapper);
        }
        if (replicas != null && replicas.meeting() != null) {
            WrapperInternals.accumulator(wrapper, fit.accumulator());
        }
        fit.enrolment().replicas(null);
        fit.enrolment().counters().ends();
        Session session = fit.enrolment().session();
        if (session != null) {
            session.endEpoch();
        }
        if (fit.network().model() instanceof ComputationGraph graph && graph.getUpdater(false) != null) {
            // DL4J leaves it there, where the graph's next step would wait for the other replicas.
            graph.setGradientsAccumulator(null);
        }
    }

    /** DL4J leaves them there after a failure. */
    private static void endThreads(Object wrapper) {
        try {
            WrapperInternals.shutdown(wrapper);
        } catch (RuntimeException failed) {
            Console.warn("the threads of ParallelWrapper could not be ended after a failure: " + failed);
        }
    }

    /**
     * Called where a thread begins to make and train one of the replicas.
     *
     * @param index from 0
     * @return what {@link #workerEnds} gets, null for nothing
     */
    public static @Nullable Object workerBegins(Object trainer, Object original, int index) {
        Enrolment enrolment = Attachment.enrolment(original);
        Replicas replicas = enrolment == null ? null : enrolment.replicas();
        if (replicas == null) {
            return null;
        }
        Replica replica = replicas.replica(index, trainer);
        replica.begins();
        return replica;
    }

    /** Called when that thread is done. */
    public static void workerEnds(Object replica, @Nullable Throwable thrown) {
        ((Replica) replica).ends(thrown);
    }

    /** Called when a trainer has its network as DL4J copied it, before the first minibatch. */
    public static void replicated(Object model) {
        Replica replica = Replica.current();
        NetworkParts network = NetworkParts.of(model);
        if (replica != null && network != null) {
            replica.starts(network);
        }
    }

    /** Called when a trainer is through with a minibatch, also if it failed. */
    public static void roundEnds() {
        Replica replica = Replica.current();
        if (replica != null) {
            replica.endsRound();
        }
    }

    /**
     * Called in the place of averaging all parameters.
     *
     * @param trained how many replicas have trained since the last time
     * @return the mean score; null leaves it to DL4J
     */
    public static @Nullable Double average(Object wrapper, Object model, int trained, boolean updaters) {
        Enrolment enrolment = Attachment.enrolment(model);
        Replicas replicas = enrolment == null ? null : enrolment.replicas();
        if (replicas == null) {
            return null;
        }
        WrapperInternals.averaged(wrapper);
        return replicas.average(trained, updaters);
    }
}
