package org.lowrank4j.command;

import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command line without a verb: it says what there is. */
@Command(
        name = "java -jar lowrank4j-agent.jar",
        synopsisSubcommandLabel = "VERB",
        sortOptions = false,
        customSynopsis = {
            "java -javaagent:lowrank4j-agent.jar[=KEY=VALUE,...] ... YourTrainingProgram",
            "       java -jar lowrank4j-agent.jar VERB [OPTIONS] ..."
        },
        description = {
            "",
            "As an agent: trains Deeplearning4j networks with low-rank methods, without a change to the program. For"
                    + " example, adapters of rank 8 on the layers dense1 and dense2:",
            "  java -javaagent:lowrank4j-agent.jar=rank=8,layers=dense1:dense2 -jar training.jar",
            "",
            "Keys of the agent itself, besides those of rules:",
            "  enabled=false   do nothing at all",
            "  mode=report     print what would be adapted, train as stock; mode=off as enabled=false",
            "  strict=true     stop the job where it would otherwise go on without lowrank4j",
            "  verbose=true    print every option with its source, and every class that is woven",
            "  config=FILE     read rules from a file",
            "Each key can also be given as system property lowrank.KEY, as environment variable LOWRANK_KEY, or in the"
                    + " source with the annotation @LowRank. The jar belongs on the command line, not on the class"
                    + " path.",
            "",
            "As a program: works on models and adapters in files."
        },
        subcommands = CommandLine.HelpCommand.class,
        commandListHeading = "%nVerbs, each with its own --help:%n",
        footer = {
            "",
            "Exit status: 0 all is well, 1 a problem was found, 2 wrong use. Results go to the standard output, with"
                    + " --json as one JSON object; progress and complaints go to the standard error. Arguments can be"
                    + " read from a file: @FILE."
        })
final class Verbs implements Callable<Integer> {

    private final Host host;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Print this help.")
    private boolean help;

    @Option(names = "--version", description = "Print the version.")
    private boolean version;

    Verbs(Host host) {
        this.host = host;
    }

    @Override
    public Integer call() {
        host.out().println("lowrank4j agent " + host.version());
        if (!version) {
            CommandLine line = spec.commandLine();
            line.usage(line.getOut());
        }
        return Commands.FINE;
    }
}
