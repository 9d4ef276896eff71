package org.lowrank4j.engine;

import java.util.Objects;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.solvers.accumulation.GradientsAccumulator;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.gradient.exchange.StepExchange;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** One replica of a network, which one thread of ParallelWrapper's trains; the first is the network itself. */
final class Replica implements Exchanging {

    private static final ThreadLocal<@Nullable Replica> CURRENT = new ThreadLocal<>();

    private final Replicas all;
    private final int index;
    private final Object trainer;
    private volatile @Nullable Model model;
    private @Nullable GradientsAccumulator accumulator;

    /** @param trainer ParallelWrapper's */
    Replica(Replicas all, int index, Object trainer) {
        this.all = all;
        this.index = index;
        this.trainer = trainer;
    }

    /** That which the calling thread trains or is about to make; null for any other thread. */
    static @Nullable Replica current() {
        return CURRENT.get();
    }

    /** That whose network the calling thread is about to make; null for a thread that has one, and for any other. */
    static @Nullable Replica making() {
        Replica current = CURRENT.get();
        return current == null || current.model != null ? null : current;
    }

    /** That whose network this is, on the thread that trains it; else null. */
    static @Nullable Replica of(Object model) {
        Replica current = CURRENT.get();
        return current != null && current.model == model ? current : null;
    }

    /** The calling thread makes and trains it from here on. */
    void begins() {
        CURRENT.set(this);
    }

    /** @param thrown what ended the thread, null if it was told to end */
    void ends(@Nullable Throwable thrown) {
        CURRENT.remove();
        if (thrown != null) {
            all.failed(this, thrown);
        }
    }

    /** A network was initialised on this thread: it is the replica's, and has the rule of the original. */
    void enrol(NetworkParts network) {
        Attachment.enrol(network, all.enrolment());
    }

    /** The replica's network is complete: it goes on from the snapshot. */
    void starts(NetworkParts network) {
        if (!all.isOriginal(network.model())) {
            all.restore(network);
        }
        // Who averages replicas may have their arrays.
        Objects.requireNonNull(Attachment.taken(network.model())).take();
        model = network.model();
        all.add(index, network.model());
    }

    /** No step follows until the next minibatch comes. */
    void endsRound() {
        Meeting meeting = all.meeting();
        if (meeting != null) {
            meeting.leave(index);
        }
    }

    /** @param ofOptimizer what Deeplearning4j gave the optimizer of this step, if anything */
    Exchanging through(@Nullable Object ofOptimizer) {
        accumulator = (GradientsAccumulator) ofOptimizer;
        return this;
    }

    Object trainer() {
        return trainer;
    }

    @Override
    public boolean pending(INDArray steps) {
        return accumulator != null
                && all.exchange() instanceof StepExchange exchange
                && exchange.pending(accumulator, steps);
    }

    @Override
    public boolean exchangesGradients() {
        return all.meeting() != null;
    }

    @Override
    public int gradients(INDArray gradient, int examples) {
        Meeting meeting = all.meeting();
        return meeting == null ? examples : meeting.exchange(index, gradient, examples);
    }

    @Override
    public boolean steps(INDArray steps, boolean own, int iteration, int epoch) {
        if (accumulator == null || !(all.exchange() instanceof StepExchange exchange)) {
            return own;
        }
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            if (!own) {
                steps.assign(0);
            }
            all.sent(this);
            return exchange.exchange(accumulator, steps, iteration, epoch);
        }
    }
}
