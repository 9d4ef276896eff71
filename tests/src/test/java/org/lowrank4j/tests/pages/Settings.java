package org.lowrank4j.tests.pages;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that all pages have. */
public class Settings {

    /** With which the page is still the one that is published. */
    private static final Set<String> HARMLESS = Set.of("--data", "--fashion", "--out", "--agent");

    @Spec(Spec.Target.MIXEE)
    private CommandSpec program;

    @Option(names = "--quick", description = "a try: little of everything where nothing else is said")
    private boolean quick;

    @Option(
            names = "--out",
            defaultValue = "${sys:pages.out:-target/pages}",
            description = "where numbers and models go")
    private Path out;

    @Option(
            names = "--site",
            description = "where the page goes; src/site of the project with all as it is, else a folder in --out")
    private Path site;

    @Option(
            names = "--agent",
            defaultValue = "${sys:agent.jar:-agent/target/lowrank4j-agent.jar}",
            description = "its jar")
    private Path agent;

    /** Whether this is a try, of which the page decides how small it is. */
    public boolean quick() {
        return quick;
    }

    /** Where the page's numbers and models go: a folder of its own. */
    public Path out() {
        return out.toAbsolutePath().normalize().resolve(program.name());
    }

    /** Where {@code markdown} and {@code resources} with the page and its charts are. */
    public Path site() {
        if (site != null) {
            return site.toAbsolutePath().normalize();
        }
        String published = System.getProperty("pages.site");
        return published != null && isPublishable() ? Path.of(published).normalize() : out().resolve("site");
    }

    /** Whether nothing was said that makes this another page than the published one. */
    protected boolean isPublishable() {
        return program.commandLine().getParseResult().matchedOptions().stream()
                .map(OptionSpec::longestName)
                .allMatch(HARMLESS::contains);
    }

    /** The agent's jar. */
    public Path agent() {
        return file("--agent", agent, "Build it with ./mvnw -pl agent -am -DskipTests package.");
    }

    /** A file that an option names. */
    protected Path file(String option, Path given, String advice) {
        Path path = given.toAbsolutePath().normalize();
        if (!Files.isRegularFile(path)) {
            throw wrong(option + ": there is no file " + path + ". " + advice);
        }
        return path;
    }

    /** A mistake on the command line. */
    public ParameterException wrong(String message) {
        return new ParameterException(program.commandLine(), message);
    }
}
