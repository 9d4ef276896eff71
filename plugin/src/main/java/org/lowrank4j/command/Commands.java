package org.lowrank4j.command;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.net.URL;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.command.work.WrongUse;
import org.lowrank4j.method.Excerpt;
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

    /** Of picocli, which repeats whatever it was given. */
    private static final int LONGEST_COMPLAINT = 300;

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
            int status = commandLine(host).execute(arguments);
            // A print stream keeps its failures to itself, and nobody may take half a result for a whole one.
            if (out.checkError()) {
                err.println("lowrank4j: the result could not be written to the standard output.");
                return PROBLEM;
            }
            return status;
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
                new AverageVerb(host),
                new CompressVerb(host),
                new DiffVerb(host),
                new VerifyVerb(host),
                new TuneVerb(host),
                new DoctorVerb(host))) {
            line.addSubcommand(verb);
        }
        line.setOut(new PrintWriter(host.out(), true));
        line.setErr(new PrintWriter(host.err(), true));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setUsageHelpAutoWidth(false);
        line.setUsageHelpWidth(100);
        line.setParameterExceptionHandler((wrong, given) -> {
            explain(wrong, given, host);
            return WRONG_USE;
        });
        return line;
    }

    private static void explain(ParameterException wrong, String[] arguments, Host host) {
        CommandLine line = wrong.getCommandLine();
        String verb = line.getParent() == null ? null : line.getCommandName();
        String message = message(wrong, arguments, line.getCommandSpec()) + quoting(arguments);
        if (Arrays.stream(arguments).anyMatch(Commands::asksForJson)) {
            host.out().println(failure(verb, WRONG_USE, message));
        }
        host.err().println("lowrank4j: " + message);
        host.err().println("See java -jar lowrank4j-agent.jar" + (verb == null ? "" : " " + verb) + " --help");
    }

    private static boolean asksForJson(String argument) {
        return argument.equals(Verb.JSON) || argument.equals(Verb.JSON + "=true");
    }

    /** A shell makes of a wildcard without quotes many arguments, of which only the first belongs to its option. */
    private static String quoting(String[] arguments) {
        long jars = Arrays.stream(arguments)
                .filter(argument -> argument.endsWith(".jar"))
                .count();
        return jars < 2 ? "" : " Quote a wildcard, or the shell makes arguments of all jars: --classpath 'lib/*'.";
    }

    private static String message(ParameterException wrong, String[] arguments, CommandSpec spec) {
        String message = String.valueOf(wrong.getMessage());
        if (wrong.getCause() instanceof WrongUse) {
            return message;
        }
        if (spec.parent() == null && wrong instanceof UnmatchedArgumentException unmatched) {
            return withoutVerb(unmatched.getUnmatched(), spec);
        }
        // A misspelt option is why another one is missing, or why its value is one argument too many.
        Optional<String> misspelt = Arrays.stream(arguments)
                .filter(argument -> argument.startsWith("--") && argument.length() > 2 && !asksForJson(argument))
                .filter(argument -> !spec.optionsMap().containsKey(optionName(argument)))
                .findFirst();
        if (misspelt.isPresent()) {
            return unmatched(misspelt.get(), spec);
        }
        if (wrong instanceof UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().isEmpty()) {
            return unmatched(unmatched.getUnmatched().get(0), spec);
        }
        return message.length() < LONGEST_COMPLAINT ? message : Excerpt.of(message);
    }

    /** What is wrong where no verb was found: an option stands before it, or it is misspelt. */
    private static String withoutVerb(List<String> unmatched, CommandSpec spec) {
        String first = unmatched.get(0);
        boolean ofVerb = spec.subcommands().values().stream()
                .anyMatch(verb -> verb.getCommandSpec().optionsMap().containsKey(optionName(first)));
        return ofVerb
                ? "option '" + Excerpt.of(optionName(first)) + "' stands before its verb: write it behind."
                : unmatched(first, spec);
    }

    /** What {@code --json} prints in the place of a result, whatever went wrong. */
    static String failure(@Nullable String verb, int status, String message) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("verb", verb);
        all.put("status", status);
        all.put("error", message);
        return Json.text(all);
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
            return "unknown option '" + Excerpt.of(name) + "'." + NearestName.suggestion(name, known);
        }
        if (spec.parent() == null) {
            return "unknown verb '" + Excerpt.of(argument) + "'; there are "
                    + String.join(", ", spec.subcommands().keySet()) + "."
                    + NearestName.suggestion(argument, spec.subcommands().keySet());
        }
        return "unexpected argument '" + Excerpt.of(argument) + "'.";
    }
}
