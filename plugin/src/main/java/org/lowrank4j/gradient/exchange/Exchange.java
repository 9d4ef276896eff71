package org.lowrank4j.gradient.exchange;

import org.lowrank4j.method.Method;
import org.lowrank4j.method.Replication;

/**
 * What the replicas of a network tell each other while each of them learns from minibatches of its own. Found through
 * {@link java.util.ServiceLoader} as all methods; one kind is exchanged at one place of a step.
 */
public sealed interface Exchange extends Method permits GradientExchange, StepExchange, ValueExchange {

    /** What replicas have in common after it. */
    Replication replication();
}
