package org.lowrank4j.report;

/**
 * How far the replicas of a network, or its workers on Spark, have come, for JMX: {@code org.lowrank4j:type=Exchange,number=N} on the platform's server
 * while they train. Whoever is in the JVM can read it, listeners too; no port is opened.
 */
public interface ExchangeMXBean {

    /** The name of what they exchange, as the key {@code exchange} has it. */
    String getExchange();

    /** How many train, with the program's network; on Spark, for how many workers the master splits the data. */
    int getReplicas();

    /** How often they have exchanged, in all fits of the network. */
    long getRounds();

    /**
     * What all of them have sent, in all fits of the network; through an encoding accumulator, before encoding. On Spark, what
     * workers have brought back, those without data nothing.
     */
    long getBytes();

    /**
     * What Spark's driver has sent in all fits of the network: to each executor the network once a fit, and what trains for
     * each split. 0 where there is no driver.
     */
    long getDriverBytes();
}
