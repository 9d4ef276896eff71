package org.lowrank4j.engine;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.gradient.exchange.GradientExchange;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Where the replicas that work on a round of minibatches meet in each of their steps: all wait, and the last to come
 * combines the gradients of all, in the order of the replicas. Who is through with its minibatch, or has failed, is waited
 * for no more.
 */
final class Meeting {

    private final GradientExchange.Steps exchange;
    private final ExchangeCounters counters;
    private final GradientExchange.@Nullable Part[] parts;
    private final BitSet present = new BitSet();
    private final BitSet arrived = new BitSet();
    private long steps;
    private int all;
    private @Nullable Throwable failure;

    Meeting(GradientExchange.Steps exchange, ExchangeCounters counters, int replicas) {
        this.exchange = exchange;
        this.counters = counters;
        parts = new GradientExchange.Part[replicas];
    }

    /** A round begins, with a minibatch for each of the first replicas. */
    synchronized void round(int replicas) {
        present.clear();
        present.set(0, replicas);
    }

    /** A replica takes no more steps in this round. */
    synchronized void leave(int replica) {
        present.clear(replica);
        combineIfAll();
    }

    /**
     * Waits for the others.
     *
     * @param gradient of the replica; becomes what it goes on with
     * @param itsExamples that it is a mean over
     * @return the examples of all
     */
    synchronized int exchange(int replica, INDArray gradient, int itsExamples) {
        parts[replica] = new GradientExchange.Part(replica, gradient, itsExamples);
        arrived.set(replica);
        long step = steps;
        combineIfAll();
        while (steps == step) {
            try {
                wait();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while waiting for the other replicas", interrupted);
            }
        }
        if (failure != null) {
            throw new IllegalStateException("the gradients of the replicas could not be combined", failure);
        }
        return all;
    }

    private void combineIfAll() {
        if (arrived.isEmpty() || !arrived.equals(present)) {
            return;
        }
        List<GradientExchange.Part> met = new ArrayList<>();
        all = 0;
        for (int i = arrived.nextSetBit(0); i >= 0; i = arrived.nextSetBit(i + 1)) {
            GradientExchange.Part part = parts[i];
            if (part != null) {
                met.add(part);
                all += part.examples();
            }
            parts[i] = null;
        }
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            counters.round(exchange.combine(met));
        } catch (RuntimeException | Error failed) {
            failure = failed;
        }
        arrived.clear();
        steps++;
        notifyAll();
    }
}
