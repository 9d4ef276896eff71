package org.lowrank4j.tests.pages.merging;

import digits.Digits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.lowrank4j.tests.pages.Arguments;

/**
 * What {@link Merging} was asked to do.
 *
 * @param data a MNIST directory, or {@code drawn}
 * @param tasks one adapter each
 * @param rank of every adapter
 * @param steps batches per adapter
 * @param baseSteps batches for the base model
 * @param validation digits per task to choose merges by, at most {@link TrainAdapters#VALIDATION_DIGITS}
 * @param test test digits per task, at most as many as there are
 * @param out where models and adapters go
 * @param site where {@code markdown/merging.md} and {@code resources/merging.png} go
 * @param agent the agent's jar
 */
record MergingSettings(
        String data,
        List<Rotation> tasks,
        int rank,
        int steps,
        int baseSteps,
        int validation,
        int test,
        Path out,
        Path site,
        Path agent) {

    private static final String ANGLES = "-70,-50,-30,-10,10,30,50,70";
    private static final String QUICK_ANGLES = "-45,45,90";
    private static final String RANK = "16";
    private static final String STEPS = "500";
    private static final int BASE_STEPS = 2000;

    static Arguments options() {
        return new Arguments(
                        "Merging",
                        "Trains adapters for digits turned by several angles, merges them in every way, and writes the page"
                                + " that compares accuracy and storage.")
                .option("data", "DIR", "", "MNIST directory, or \"drawn\"; looked for in the usual places if not given")
                .flag("quick", "a try: drawn digits, three small adapters and few steps where nothing else is said")
                .option(
                        "angles",
                        "LIST",
                        ANGLES,
                        "degrees, separated by commas, an adapter each; quick: " + QUICK_ANGLES)
                .option("rank", "N", RANK, "of every adapter; quick: 4")
                .option("steps", "N", STEPS, "batches of " + BaseModel.BATCH + " per adapter; quick: 60")
                .option(
                        "site",
                        "DIR",
                        "",
                        "where the page goes; src/site of the project for MNIST with everything as it is, else a folder in"
                                + " --out")
                .option(
                        "out",
                        "DIR",
                        System.getProperty("pages.out", "target/pages") + "/merging",
                        "where the adapters go")
                .option(
                        "agent",
                        "JAR",
                        System.getProperty("pages.agent", "../agent/target/lowrank4j-agent.jar"),
                        "the agent");
    }

    /**
     * Reads and checks the options.
     *
     * @throws IOException if the agent's jar is not there
     */
    static MergingSettings of(Arguments options) throws IOException {
        boolean quick = options.has("quick");
        String found = quick && !options.has("data") ? Digits.DRAWN : Digits.locate(options.text("data"));
        String data = found.isEmpty() ? Digits.DRAWN : found;
        Path out = options.path("out").toAbsolutePath().normalize();
        Path agent = options.path("agent").toAbsolutePath().normalize();
        if (!Files.isRegularFile(agent)) {
            throw new IOException("The agent's jar is not at " + agent
                    + ". Build it with ./mvnw -pl agent -am -DskipTests package, or name it with --agent JAR.");
        }
        boolean publishable =
                List.of("quick", "angles", "rank", "steps").stream().noneMatch(options::has)
                        && !data.equals(Digits.DRAWN)
                        && System.getProperties().containsKey("pages.site");
        Path site = out.resolve("site");
        if (options.has("site")) {
            site = options.path("site").toAbsolutePath().normalize();
        } else if (publishable) {
            site = Path.of(System.getProperty("pages.site")).normalize();
        }
        return new MergingSettings(
                data,
                angles(quick && !options.has("angles") ? QUICK_ANGLES : options.text("angles")),
                quick && !options.has("rank") ? 4 : options.integer("rank", 2, BaseModel.HIDDEN / 2),
                quick && !options.has("steps") ? 60 : options.integer("steps", 1, 1_000_000),
                quick ? 150 : BASE_STEPS,
                quick ? 200 : TrainAdapters.VALIDATION_DIGITS,
                quick ? 1_000 : Integer.MAX_VALUE,
                out,
                site,
                agent);
    }

    /**
     * The tasks of a list of angles.
     *
     * @param list whole degrees, separated by commas
     */
    static List<Rotation> angles(String list) {
        List<Rotation> tasks = new ArrayList<>();
        for (String angle : list.split(",")) {
            try {
                Rotation task = new Rotation(Integer.parseInt(angle.strip()));
                if (tasks.contains(task)) {
                    throw new Arguments.UsageException("--angles " + list + " has " + task.degrees() + " twice.");
                }
                tasks.add(task);
            } catch (NumberFormatException wrong) {
                throw new Arguments.UsageException("--angles " + list + ": \"" + angle
                        + "\" is no whole number of degrees. Give several of them, separated by commas.");
            }
        }
        if (tasks.size() < 2) {
            throw new Arguments.UsageException(
                    "--angles " + list + " is one task; there is something to merge from two on.");
        }
        return tasks;
    }

    boolean drawn() {
        return data.equals(Digits.DRAWN);
    }

    Path base() {
        return out.resolve("models/base.zip");
    }

    /** Where the model zips of the fine-tuned networks go. */
    Path tuned() {
        return out.resolve("models/tuned");
    }

    /** The directory of a task's adapter. */
    Path adapter(Rotation task) {
        return out.resolve("adapters").resolve(task.title());
    }

    /** What the agent is told: factors for the hidden layers, the output layer frozen. */
    String rule() {
        return "rank=" + rank + ",alpha=" + rank + ",train=none";
    }
}
