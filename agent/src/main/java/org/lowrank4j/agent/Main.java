package org.lowrank4j.agent;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/** What {@code java -jar lowrank4j-agent.jar} does: it says what this jar is and how it is used. */
public final class Main {

    private static final int WRONG_USE = 2;

    private Main() {}

    /** Prints the usage, the version, or whether a class path fits; ends with status 2 for any other argument. */
    @SuppressWarnings("SystemExitOutsideMain")
    public static void main(String[] arguments) {
        int status = run(arguments, System.out, System.err);
        if (status != 0) {
            System.exit(status);
        }
    }

    static int run(String[] arguments, PrintStream out, PrintStream err) {
        String version = "lowrank4j agent " + Agent.versionOfThisJar();
        List<String> given = List.of(arguments);
        if (given.isEmpty() || given.equals(List.of("--help"))) {
            out.println(version);
            out.print(USAGE);
            return 0;
        }
        if (given.equals(List.of("--version"))) {
            out.println(version);
            return 0;
        }
        if (given.size() == 2 && given.get(0).equals("--check")) {
            return check(given.get(1), out, err);
        }
        err.println("lowrank4j: unknown argument '" + given.get(0)
                + "'; known are --help, --version and --check CLASSPATH, one at a time.");
        return WRONG_USE;
    }

    /** Status 0 if the Deeplearning4j on the class path can be adapted, 1 if not. */
    private static int check(String classPath, PrintStream out, PrintStream err) {
        try {
            List<URL> entries = new ArrayList<>();
            for (String entry : classPath.split(File.pathSeparator)) {
                entries.add(Path.of(entry).toUri().toURL());
            }
            try (URLClassLoader loader = new URLClassLoader(entries.toArray(new URL[0]), Main.class.getClassLoader())) {
                AgentOptions none = AgentOptions.parse(null);
                Switches defaults = new Switches(none, new Properties(), Map.of());
                Agent agent =
                        new Agent(none, defaults, new Banner(out, false), Agent.versionOfThisJar(), Agent.thisJar());
                return BundledLoader.openWeaver(agent).fits(loader) ? 0 : 1;
            }
        } catch (IOException | InvalidPathException | URISyntaxException failure) {
            err.println("lowrank4j: the class path cannot be checked: " + failure);
            return WRONG_USE;
        }
    }

    private static final String USAGE = """
            Trains Deeplearning4j networks with low-rank methods, without a change to the training program.

            Usage:
              java -javaagent:lowrank4j-agent.jar[=key=value,key=value...] ... YourTrainingProgram

              java -jar lowrank4j-agent.jar --check CLASSPATH
                                    whether the Deeplearning4j on a class path can be adapted
              java -jar lowrank4j-agent.jar --version

            For example, adapters of rank 8 on the layers dense1 and dense2:
              java -javaagent:lowrank4j-agent.jar=rank=8,layers=dense1:dense2 -jar training.jar

            Keys of the agent itself:
              enabled=false     do nothing at all
              mode=report       print what would be adapted, train as stock; mode=off as enabled=false
              strict=true       stop the job where it would otherwise go on without lowrank4j
              verbose=true      print every option with its source, and every class that is woven
              config=FILE       read rules from a file

            All other keys are those of the rules. Each key can also be given as system property lowrank.KEY or as
            environment variable LOWRANK_KEY, or in the source with the annotation @LowRank.

            This jar belongs on the command line, not on the class path.
            """;
}
