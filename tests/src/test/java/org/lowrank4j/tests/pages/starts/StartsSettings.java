package org.lowrank4j.tests.pages.starts;

import digits.Digits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.lowrank4j.tests.pages.Arguments;

/**
 * What {@link Starts} was asked to do.
 *
 * @param data a MNIST directory, or {@code drawn}
 * @param arms the rows, in the order of the table
 * @param grid the rates to choose from
 * @param seeds runs per arm and task
 * @param steps batches per run
 * @param baseSteps batches for the base model
 * @param targetLoss the loss to count steps to
 * @param out where models and numbers go
 * @param site where {@code markdown/starts.md} and {@code resources/starts-*.png} go
 * @param agent the agent's jar
 */
record StartsSettings(
        String data,
        List<StartArm> arms,
        RateGrid grid,
        int seeds,
        int steps,
        int baseSteps,
        double targetLoss,
        Path out,
        Path site,
        Path agent) {

    private static final String SEEDS = "3";
    private static final String STEPS = "400";
    private static final String BASE_STEPS = "1500";
    private static final String ALL_ARMS = "all";

    static Arguments options() {
        return new Arguments(
                        "Starts",
                        "Adapts a digit classifier to two tasks from every start of the factors, and writes the page that"
                                + " compares them.")
                .option("data", "DIR", "", "MNIST directory, or \"drawn\"; looked for in the usual places if not given")
                .flag(
                        "quick",
                        "a try: drawn digits, one seed, one rate, few steps and two rows where nothing else is said")
                .option("arms", "LIST", ALL_ARMS, "rows of the table, separated by commas; quick: full,kaiming")
                .option("rates", "LIST", RateGrid.DEFAULT, "learning rates that each arm chooses from")
                .option("seeds", "N", SEEDS, "runs per arm and task with the chosen rate")
                .option("steps", "N", STEPS, "batches of " + BaseModels.BATCH + " per run")
                .option("loss", "LOSS", "0.3", "count the steps until the smoothed training loss is this low")
                .option(
                        "site",
                        "DIR",
                        "",
                        "where the page goes; src/site of the project for the whole table on MNIST as it is, else a folder in"
                                + " --out")
                .option(
                        "out",
                        "DIR",
                        System.getProperty("pages.out", "target/pages") + "/starts",
                        "where the numbers go")
                .option(
                        "agent",
                        "JAR",
                        System.getProperty("pages.agent", "../agent/target/lowrank4j-agent.jar"),
                        "the agent");
    }

    /**
     * Reads and checks the options.
     *
     * @throws IOException if the agent is needed but its jar is not there
     */
    static StartsSettings of(Arguments options) throws IOException {
        boolean quick = options.has("quick");
        String data = quick && !options.has("data") ? Digits.DRAWN : Digits.locate(options.text("data"));
        List<StartArm> arms = Arms.of(quick && !options.has("arms") ? "full,kaiming" : options.text("arms"));
        Path out = options.path("out").toAbsolutePath().normalize();
        Path agent = options.path("agent").toAbsolutePath().normalize();
        if (arms.stream().anyMatch(StartArm::usesAgent) && !Files.isRegularFile(agent)) {
            throw new IOException("The agent's jar is not at " + agent
                    + ". Build it with ./mvnw -pl agent -am -DskipTests package, or name it with --agent JAR.");
        }
        StartsSettings settings = new StartsSettings(
                data.isEmpty() ? Digits.DRAWN : data,
                arms,
                RateGrid.parse(quick && !options.has("rates") ? "3e-3" : options.text("rates")),
                quick && !options.has("seeds") ? 1 : options.integer("seeds", 1, RateGrid.TUNING_SEED - 1),
                quick && !options.has("steps") ? 120 : options.integer("steps", 100, 100_000),
                quick ? 150 : Integer.parseInt(BASE_STEPS),
                options.positive("loss", 100),
                out,
                out.resolve("site"),
                agent);
        if (options.has("site")) {
            return settings.in(options.path("site").toAbsolutePath().normalize());
        }
        boolean publishable = List.of("quick", "arms", "rates", "seeds", "steps", "loss").stream()
                        .noneMatch(options::has)
                && !settings.drawn()
                && System.getProperties().containsKey("pages.site");
        return publishable
                ? settings.in(Path.of(System.getProperty("pages.site")).normalize())
                : settings;
    }

    private StartsSettings in(Path otherSite) {
        return new StartsSettings(data, arms, grid, seeds, steps, baseSteps, targetLoss, out, otherSite, agent);
    }

    boolean drawn() {
        return data.equals(Digits.DRAWN);
    }

    Path base(StartArm.Base base) {
        return out.resolve("models").resolve(base.file);
    }

    /** Where the lines of an arm's runs go. */
    Path runs(StartArm arm) {
        return out.resolve("runs").resolve(arm.name() + ".csv");
    }
}
