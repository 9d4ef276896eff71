package org.lowrank4j.tests.pages.starts;

import java.util.Arrays;
import java.util.Optional;

/**
 * One row of the table: one way to adapt the base model.
 *
 * @param name how tables and options call it
 * @param training who trains what
 * @param base which copy of the base model it starts from
 * @param rule the agent's arguments without the rank, which is {@link #RANK} for all; empty without the agent.
 *     {@link #ORIGINAL} stands for the file of the base model before rounding.
 * @param note what the page says about it
 */
record Start(String name, How training, Base base, String rule, String note) {

    /** Who trains what. */
    enum How {
        /** Stock DL4J, every weight. */
        STOCK,
        /** Stock DL4J transfer learning: hidden layers frozen, output layer trained. */
        STOCK_FROZEN_BODY,
        /** The agent: factors for the hidden layers, the output layer in full. */
        AGENT
    }

    /** A copy of the base model. */
    enum Base {
        TRAINED,
        /** The weights of the hidden layers rounded to {@link RoundedWeights#BITS} bits. */
        ROUNDED
    }

    /** The rank of every row's factors. */
    static final int RANK = 8;

    /** In a rule, the file of the trained base model. */
    static final String ORIGINAL = "{original}";

    boolean usesAgent() {
        return training == How.AGENT;
    }

    /** What the rule sets a key to; empty if it does not. */
    Optional<String> setting(String key) {
        return Arrays.stream(rule.split(","))
                .filter(option -> option.startsWith(key + "="))
                .map(option -> option.substring(key.length() + 1))
                .findFirst();
    }

    /** The agent's arguments; empty without the agent. */
    String agentArguments(String originalFile) {
        return usesAgent() ? rule.replace(ORIGINAL, originalFile) + ",rank=" + RANK : "";
    }
}
