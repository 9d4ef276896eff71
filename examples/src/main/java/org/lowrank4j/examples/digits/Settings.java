package org.lowrank4j.examples.digits;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What {@link Compare} was asked to do.
 *
 * @param data a MNIST directory, or {@code drawn}
 * @param out where models and results go
 * @param shift the new domain
 * @param arms which arms to run, in this order
 * @param seeds how many seeds per arm: 1, 2, ...
 * @param steps batches per run
 * @param rank rank for the agent's arms; 0 for the annotation's own
 * @param rate learning rate for all arms; 0 for each arm's own
 * @param targetLoss the loss to count steps to
 * @param agent the agent's jar
 */
record Settings(
        String data,
        Path out,
        Domain shift,
        List<Arm> arms,
        int seeds,
        int steps,
        int rank,
        double rate,
        double targetLoss,
        Path agent) {

    static Arguments options() {
        return new Arguments(
                        "Compare",
                        "Fine-tunes a digit classifier to a new domain in four ways, with and without the agent, and"
                                + " compares them.")
                .option("data", "DIR", "", "MNIST directory, or \"drawn\"; looked for in the usual places if not given")
                .option("shift", "DOMAIN", "rotated", "new domain: rotated, inverted or inverted-rotated")
                .option("arms", "LIST", "full,head,lora,lora-ga", "what to compare")
                .option("seeds", "N", "3", "runs per arm")
                .option("steps", "N", "800", "batches of 64 per run")
                .option(
                        "rank",
                        "N",
                        "",
                        "rank of the adapters, with alpha = 2 x rank, instead of the annotation's 8 and 16")
                .option("rate", "RATE", "", "one learning rate for all arms instead of a fitting one for each")
                .option("loss", "LOSS", "0.5", "count the steps until the smoothed training loss is this low")
                .option("out", "DIR", System.getProperty("digits.out", "target/digits"), "where everything is written")
                .option(
                        "agent",
                        "JAR",
                        System.getProperty("digits.agent", "../agent/target/lowrank4j-agent.jar"),
                        "the agent");
    }

    /**
     * Reads and checks the options.
     *
     * @throws IOException if the agent is needed but its jar is not there
     */
    static Settings of(Arguments options) throws IOException {
        String found = Digits.locate(options.text("data"));
        Settings settings = new Settings(
                found.isEmpty() ? Digits.DRAWN : found,
                options.path("out").toAbsolutePath().normalize(),
                options.choice("shift", Domain.class),
                options.choices("arms", Arm.class),
                options.integer("seeds", 1, 100),
                options.integer("steps", 10, 100_000),
                options.has("rank") ? options.integer("rank", 1, 512) : 0,
                options.has("rate") ? options.positive("rate", 10) : 0,
                options.positive("loss", 100),
                options.path("agent").toAbsolutePath().normalize());
        if (settings.arms.stream().anyMatch(Arm::usesAgent) && !Files.isRegularFile(settings.agent)) {
            throw new IOException("The agent's jar is not at " + settings.agent
                    + ". Build it with ./mvnw -pl agent -am -DskipTests package, name it with --agent JAR, or run the"
                    + " stock arms alone with --arms full,head.");
        }
        return settings;
    }

    /** The base model; one per data source, so that a change of data never meets the other's model. */
    Path base() {
        return out.resolve(data.equals(Digits.DRAWN) ? "base-drawn.zip" : "base-mnist.zip");
    }

    /** Where a run's model, losses and result go. */
    Path run(Arm arm, int seed) {
        return out.resolve("runs").resolve(arm + "-seed" + seed);
    }

    double rateOf(Arm arm) {
        return rate > 0 ? rate : arm.rate;
    }

    /** The agent's arguments for an arm that uses it. */
    String agentArguments(Arm arm) {
        return arm.agentArguments + (rank > 0 ? ",rank=" + rank + ",alpha=" + 2 * rank : "");
    }
}
