package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.solvers.accumulation.EncodedGradientsAccumulator;
import org.deeplearning4j.optimize.solvers.accumulation.GradientsAccumulator;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.file.NetworkState;
import org.lowrank4j.gradient.exchange.Exchange;
import org.lowrank4j.gradient.exchange.ExchangedGradient;
import org.lowrank4j.gradient.exchange.GradientExchange;
import org.lowrank4j.gradient.exchange.ValueExchange;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.Rule;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The replicas of one network during one fit of ParallelWrapper. All of them start from one snapshot, taken before any of
 * them trains.
 */
final class Replicas {

    private final Enrolment original;
    private final Session session;
    private final Exchange exchange;
    private final @Nullable GradientsAccumulator accumulator;
    private final Methods methods;
    private final Model model;
    private final int iteration;
    private final int epoch;
    private final AtomicInteger waiting;
    private final GradientExchange.@Nullable Steps steps;
    private final @Nullable Meeting meeting;
    private final @Nullable Averaging averaging;
    private final AtomicReferenceArray<@Nullable Replica> replicas;
    private final AtomicReferenceArray<@Nullable Model> models;

    /** Bytes that a replica sends in a round, where that is no matter of the step. */
    private volatile long sentByEach;

    /** Null once all replicas have started from it. */
    private volatile @Nullable NetworkState snapshot;

    /**
     * @param network that is to be replicated, with its adapters started
     * @param choice for its plan
     * @param accumulator of the wrapper; null where it averages
     */
    Replicas(
            Enrolment original,
            Session session,
            NetworkParts network,
            ExchangeChoice choice,
            @Nullable GradientsAccumulator accumulator,
            Methods methods,
            int count) {
        this.original = original;
        this.session = session;
        exchange = choice.exchange();
        this.accumulator = accumulator;
        this.methods = methods;
        model = network.model();
        iteration = network.iteration();
        epoch = network.epoch();
        snapshot = Objects.requireNonNull(session.state(network, true, true));
        Function<ExchangedGradient, GradientExchange.Steps> maker = choice.steps();
        steps = maker == null ? null : maker.apply(exchanged(network, count));
        meeting = steps == null ? null : new Meeting(steps, original.counters(), count);
        averaging = exchange instanceof ValueExchange values ? new Averaging(values) : null;
        replicas = new AtomicReferenceArray<>(count);
        models = new AtomicReferenceArray<>(count);
        waiting = new AtomicInteger(count);
    }

    private ExchangedGradient exchanged(NetworkParts network, int count) {
        Rule rule = session.fitted().plan().rule();
        long seed = rule.seed().orElse(network.configuration().getSeed());
        return new ExchangedGradient(
                network.dataType(),
                session.fitted().gradient().tensors(),
                count,
                AdapterSeed.of(seed, rule.id(), "exchange"));
    }

    Exchange exchange() {
        return exchange;
    }

    /** Where gradients are exchanged; null if they are not. */
    @Nullable Meeting meeting() {
        return meeting;
    }

    boolean isOriginal(Object network) {
        return network == model;
    }

    /** Of a new replica. */
    Enrolment enrolment() {
        return new Enrolment(original.rule(), original.ruleOfField());
    }

    /** A thread is about to make one of them. */
    Replica replica(int index, Object trainer) {
        Replica replica = new Replica(this, index, trainer);
        replicas.set(index, replica);
        return replica;
    }

    void add(int index, Model network) {
        models.set(index, network);
        if (waiting.decrementAndGet() == 0) {
            snapshot = null;
        }
    }

    /** Gives a replica everything that the network had when the snapshot was taken. */
    void restore(NetworkParts network) {
        NetworkState start = Objects.requireNonNull(snapshot);
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            network.model().setParams(start.parameters());
            network.counts(iteration, epoch);
            Enrolment enrolment = Objects.requireNonNull(Attachment.enrolment(network.model()));
            // What methods say holds for the network, and was said.
            enrolment.begin(Console.silently(() -> session.replica(network, methods, start.training())));
        }
    }

    /**
     * A replica's thread has ended by an exception or an error. Whoever waits for one of them gets it, as ParallelWrapper
     * itself looks at the exceptions of the replicas one after the other and takes no notice of errors.
     */
    void failed(Replica replica, Throwable thrown) {
        for (int i = 0; i < replicas.length(); i++) {
            Replica other = replicas.get(i);
            if (other != null) {
                WrapperInternals.fail(other.trainer(), thrown);
            }
        }
        replica.endsRound();
        if (accumulator instanceof EncodedGradientsAccumulator encoded) {
            Dl4jInternals.fail(encoded, thrown);
        }
    }

    /**
     * The end of some rounds: brings replicas together.
     *
     * @param count of the first replicas, those that have trained since
     * @param updaters whether the states of the updaters are brought together, too
     * @return their mean score
     */
    double average(int count, boolean updaters) {
        List<Session> trained = new ArrayList<>();
        double score = 0;
        for (int i = 0; i < count; i++) {
            Model one = Objects.requireNonNull(models.get(i));
            score += one.score();
            trained.add(Objects.requireNonNull(Training.session(one)));
        }
        if (averaging != null) {
            averaging.run(trained, updaters);
            original.counters().round(count * sentByEach);
        }
        return score / count;
    }

    /** A replica has put its steps where the others get them. */
    void sent(Replica replica) {
        if (replica == replicas.get(0)) {
            original.counters().round(sentByEach);
        } else {
            original.counters().part(sentByEach);
        }
    }

    /**
     * Says what will travel, and counts it from now on.
     *
     * @param updaters whether the states of the updaters do
     */
    void begin(NetworkParts network, boolean updaters) {
        Traffic traffic = Traffic.of(
                session,
                network,
                updaters && averaging != null,
                exchange instanceof ValueExchange values && values.averagesWeights());
        if (steps != null) {
            traffic = traffic.sending(steps.bytes());
        }
        sentByEach = traffic.sent();
        original.counters().begins(exchange.name(), replicas.length());
        original.report(replicas.length() + " replicas, exchange=" + exchange.name() + ": each sends "
                + traffic.text("a round" + remark()));
    }

    private String remark() {
        if (steps == null) {
            return averaging == null ? " before encoding" : "";
        }
        return steps.remark().isEmpty() ? "" : " (" + steps.remark() + ")";
    }
}
