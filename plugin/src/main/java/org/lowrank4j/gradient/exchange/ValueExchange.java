package org.lowrank4j.gradient.exchange;

import org.lowrank4j.method.Replication;

/** Brings the replicas together after some steps: each goes on from the mean of what they have learned. */
public non-sealed interface ValueExchange extends Exchange {

    @Override
    default Replication replication() {
        return averagesWeights() ? Replication.WEIGHTS : Replication.VALUES;
    }

    /** Whether the weights that have adapters become the mean of the replicas' weights, whatever the adapters become. */
    boolean averagesWeights();
}
