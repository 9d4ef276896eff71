package org.lowrank4j.method;

/** What the replicas of a network may have in common during training. */
public enum Replication {
    /** The mean of their gradients, in every step, before the updater sees it. */
    GRADIENTS,
    /** The sum of their steps, in every step, as their updaters made them. */
    STEPS,
    /** The mean of their trained tensors, after some steps. */
    VALUES,
    /** The same, and the mean of their weights besides. */
    WEIGHTS
}
