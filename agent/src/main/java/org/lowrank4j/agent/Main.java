package org.lowrank4j.agent;

import java.io.PrintStream;

/** What {@code java -jar lowrank4j-agent.jar} does: it says what this jar is and how it is used. */
public final class Main {

    private static final int WRONG_USE = 2;

    private Main() {}

    /** Prints the usage, or the version with {@code --version}; ends with status 2 for any other argument. */
    @SuppressWarnings("SystemExitOutsideMain")
    public static void main(String[] arguments) {
        int status = run(arguments, System.out, System.err);
        if (status != 0) {
            System.exit(status);
        }
    }

    static int run(String[] arguments, PrintStream out, PrintStream err) {
        String version = "lowrank4j agent " + Agent.versionOfThisJar();
        String argument = arguments.length == 0 ? "--help" : arguments[0];
        if (arguments.length > 1) {
            err.println("lowrank4j: one argument at a time: --help or --version.");
            return WRONG_USE;
        }
        if (argument.equals("--help") || argument.equals("-h")) {
            out.println(version);
            out.print(USAGE);
            return 0;
        }
        if (argument.equals("--version")) {
            out.println(version);
            return 0;
        }
        err.println("lowrank4j: unknown argument '" + argument + "'; known are --help and --version.");
        return WRONG_USE;
    }

    private static final String USAGE = """
            Trains Deeplearning4j networks with low-rank methods, without a change to the training program.

            Usage:
              java -javaagent:lowrank4j-agent.jar[=key=value,key=value...] ... YourTrainingProgram

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
