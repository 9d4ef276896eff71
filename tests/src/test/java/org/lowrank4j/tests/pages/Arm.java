package org.lowrank4j.tests.pages;

/**
 * One way to train.
 *
 * @param name how tables, charts and files call it
 * @param optimiser what the program asks DL4J for
 * @param rates the learning rates that it may choose from
 * @param rule the agent's arguments; empty for stock DL4J, without the agent
 * @param note what the page says about it
 */
public record Arm(String name, Optimiser optimiser, RateGrid rates, String rule, String note) {

    public boolean usesAgent() {
        return !rule.isEmpty();
    }

    /** The same with a single rate, which was chosen before. */
    public Arm at(double rate) {
        return new Arm(name, optimiser, RateGrid.of(rate), rule, note);
    }

    /** For the name of a file. */
    String fileName() {
        return name.replaceAll("[^\\w.]+", "-");
    }
}
