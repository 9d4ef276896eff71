package org.lowrank4j.engine;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What Spark's driver has out of one network: the base that all workers start from, which is sent once, and whether the
 * results of a split are awaited. Spark hands in a mean of parameters, and one of updater states: they are of what trains.
 */
final class Splits {

    private final Session session;
    private final Object base;
    private final ExchangeCounters counters;
    private boolean current = true;
    private boolean valuesAwaited;
    private boolean stateAwaited;
    private long bytesOfEach;

    /**
     * @param base Spark's broadcast of it
     * @param counters of what workers bring back
     */
    Splits(Session session, Object base, ExchangeCounters counters) {
        this.session = session;
        this.base = base;
        this.counters = counters;
    }

    Object base() {
        return base;
    }

    /** Whether the base is that of a training, in the fit that it was sent for. */
    synchronized boolean isOf(Session other) {
        return current && session == other;
    }

    /** The fit ends: until the next one, the program may do what it likes with the network, so the base is of no more use. */
    synchronized void fitEnds() {
        if (current) {
            SparkInternals.destroy(base);
        }
        current = false;
        valuesAwaited = false;
        stateAwaited = false;
    }

    /**
     * A split is sent.
     *
     * @param withState whether the workers bring updater states back
     * @param each what a worker brings back, in bytes
     */
    synchronized void begins(boolean withState, long each) {
        valuesAwaited = true;
        stateAwaited = withState;
        bytesOfEach = each;
    }

    /**
     * Moves the network to the mean of a split.
     *
     * @param workers that it is a mean over
     * @return false if none is awaited, or this is something else
     */
    synchronized boolean takesValues(INDArray mean, int workers) {
        if (!valuesAwaited
                || mean.length() != session.fitted().gradient().vector().length()) {
            return false;
        }
        valuesAwaited = false;
        session.moveTo(mean);
        counters.round(workers * bytesOfEach);
        return true;
    }

    /** The same for the state of the updaters. */
    synchronized boolean takesState(@Nullable INDArray mean) {
        if (mean == null || !stateAwaited || valuesAwaited) {
            return false;
        }
        stateAwaited = false;
        session.updaterState(mean);
        return true;
    }
}
