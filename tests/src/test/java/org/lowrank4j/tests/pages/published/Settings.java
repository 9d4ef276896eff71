package org.lowrank4j.tests.pages.published;

import digits.Digits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lowrank4j.tests.pages.Arguments;
import org.lowrank4j.tests.pages.starts.RateGrid;

/**
 * What the program of a page was asked to do.
 *
 * @param data a MNIST directory, or {@code drawn}
 * @param quick whether this is a try, of which the page decides how small it is
 * @param seeds networks per arm with the chosen rate
 * @param out where models and numbers go
 * @param site where {@code markdown} and {@code resources} with the page and its chart are
 * @param agent the agent's jar
 */
record Settings(String data, boolean quick, int seeds, Path out, Path site, Path agent) {

    static Arguments options(Class<?> program, String purpose) {
        return new Arguments(program.getSimpleName(), purpose)
                .option("data", "DIR", "", "MNIST directory, or \"drawn\"; looked for in the usual places if not given")
                .flag("quick", "a try: drawn digits, one seed, few rows, rates and steps")
                .option("seeds", "N", "3", "networks per row with the chosen rate")
                .option(
                        "site",
                        "DIR",
                        "",
                        "where the page goes; src/site of the project for MNIST with everything as it is, else a folder in"
                                + " --out")
                .option(
                        "out",
                        "DIR",
                        System.getProperty("pages.out", "target/pages"),
                        "where the numbers and models go, in a folder for the page")
                .option(
                        "agent",
                        "JAR",
                        System.getProperty("pages.agent", "../agent/target/lowrank4j-agent.jar"),
                        "the agent");
    }

    /**
     * Reads and checks the options.
     *
     * @param page its file's name without the ending
     * @throws IOException if the agent's jar is not there
     */
    static Settings of(String page, Arguments options) throws IOException {
        boolean quick = options.has("quick");
        String found = quick && !options.has("data") ? Digits.DRAWN : Digits.locate(options.text("data"));
        String data = found.isEmpty() ? Digits.DRAWN : found;
        Path out = options.path("out").toAbsolutePath().normalize().resolve(page);
        Path agent = options.path("agent").toAbsolutePath().normalize();
        if (!Files.isRegularFile(agent)) {
            throw new IOException("The agent's jar is not at " + agent
                    + ". Build it with ./mvnw -pl agent -am -DskipTests package, or name it with --agent JAR.");
        }
        Path site = out.resolve("site");
        if (options.has("site")) {
            site = options.path("site").toAbsolutePath().normalize();
        } else if (!quick
                && !options.has("seeds")
                && !data.equals(Digits.DRAWN)
                && System.getProperties().containsKey("pages.site")) {
            site = Path.of(System.getProperty("pages.site")).normalize();
        }
        return new Settings(
                data,
                quick,
                quick && !options.has("seeds") ? 1 : options.integer("seeds", 1, RateGrid.TUNING_SEED - 1),
                out,
                site,
                agent);
    }

    boolean drawn() {
        return data.equals(Digits.DRAWN);
    }
}
