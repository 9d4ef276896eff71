package org.lowrank4j.command;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.net.URL;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.lowrank4j.method.NearestName;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command line {@code java -jar lowrank4j-agent.jar VERB}. Nothing here is loaded when the jar runs as an agent. */
public final class Commands {

    /** All is well. */
    static final int FINE = 0;

    /** Something is wrong with what was looked at, or it could not be done; nothing was written. */
    static final int PROBLEM = 1;

    /** The command line itself cannot be understood, or names files that are not there. */
    static final int WRONG_USE = 2;

    /** Whether ND4J logs, line by line, what it runs on; doctor tells that. */
    private static final String ND4J_GREETING = "org.nd4j.log.initialization";

    private Commands() {}

    /**
     * Runs one command line. Called reflectively by the agent's jar, so there are only types of the platform.
     *
     * @param arguments of the command line
     * @param out where results go
     * @param err where progress and complaints go
     * @param version of this library
     * @param classPath takes what is to be searched for Deeplearning4j from now on
     * @param hooksFit says on a stream whether the agent's hooks fit the Deeplearning4j found, and returns it
     * @return the exit status: 0 all is well, 1 a problem was found, 2 wrong use
     */
    public static int run(
            String[] arguments,
            PrintStream out,
            PrintStream err,
            String version,
            Consumer<URL> classPath,
            Predicate<PrintStream> hooksFit) {
        Host host = new Host(out, err, version, classPath, hooksFit);
        PrintStream platform = System.out;
        // Loggers of Deeplearning4j may print to the standard output, which is for results only.
        System.setOut(err);
        if (System.getProperty(ND4J_GREETING) == null) {
            System.setProperty(ND4J_GREETING, "false");
        }
        try {
            return commandLine(host).execute(arguments);
        } finally {
            System.setOut(platform);
        }
    }

    static CommandLine commandLine(Host host) {
        CommandLine line = new CommandLine(new Verbs(host));
        for (Verb verb : List.of(
                new PlanVerb(host),
                new InspectVerb(host),
                new MergeVerb(host),
                new ExtractVerb(host),
                new ConvertVerb(host),
                new CombineVerb(host),
                new DiffVerb(host),
                new VerifyVerb(host),
                new DoctorVerb(host))) {
            line.addSubcommand(verb);
        }
        line.setOut(new PrintWriter(host.out(), true));
        line.setErr(new PrintWriter(host.err(), true));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setUsageHelpAutoWidth(false);
        line.setUsageHelpWidth(100);
        line.setParameterExceptionHandler((wrong, given) -> {
            explain(wrong, given, host.err());
            return WRONG_USE;
        });
        return line;
    }

    private static void explain(ParameterException wrong, String[] given, PrintStream err) {
        CommandLine line = wrong.getCommandLine();
        CommandSpec spec = line.getCommandSpec();
        String message = wrong.getMessage();
        // A misspelt option is why another one is missing, or why its value is one argument too many.
        Optional<String> misspelt = wrong.getCause() instanceof WrongUse
                ? Optional.empty()
                : Arrays.stream(given)
                        .filter(argument -> argument.startsWith("--") && argument.length() > 2)
                        .filter(argument -> !spec.optionsMap().containsKey(optionName(argument)))
                        .findFirst();
        if (misspelt.isPresent()) {
            message = unmatched(misspelt.get(), spec);
        } else if (wrong instanceof UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().isEmpty()) {
            message = unmatched(unmatched.getUnmatched().get(0), spec);
        }
        err.println("lowrank4j: " + message);
        err.println("See java -jar lowrank4j-agent.jar" + (line.getParent() == null ? "" : " " + line.getCommandName())
                + " --help");
    }

    private static String optionName(String argument) {
        int equals = argument.indexOf('=');
        return equals < 0 ? argument : argument.substring(0, equals);
    }

    private static String unmatched(String argument, CommandSpec spec) {
        if (argument.startsWith("-")) {
            String name = optionName(argument);
            List<String> known = spec.options().stream()
                    .filter(option -> !option.hidden())
                    .map(OptionSpec::longestName)
                    .toList();
            return "unknown option '" + name + "'." + NearestName.suggestion(name, known);
        }
        if (spec.parent() == null) {
            return "unknown verb '" + argument + "'; there are "
                    + String.join(", ", spec.subcommands().keySet()) + "."
                    + NearestName.suggestion(argument, spec.subcommands().keySet());
        }
        return "unexpected argument '" + argument + "'.";
    }
}
