package org.lowrank4j.report;

/**
 * How far the replicas of a network have come, for JMX: {@code org.lowrank4j:type=Exchange,number=N} on the platform's server
 * while they train. Whoever is in the JVM can read it, listeners too; no port is opened.
 */
public interface ExchangeMXBean {

    /** The name of what they exchange, as the key {@code exchange} has it. */
    String getExchange();

    /** How many train, with the program's network. */
    int getReplicas();

    /** How often they have exchanged, in all fits of the network. */
    long getRounds();

    /** What all of them have sent, in all fits of the network; through an encoding accumulator, before encoding. */
    long getBytes();
}
