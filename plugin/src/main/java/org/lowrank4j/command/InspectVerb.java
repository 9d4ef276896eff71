package org.lowrank4j.command;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.command.work.InputFiles;
import org.lowrank4j.command.work.Inspection;
import org.lowrank4j.command.work.Progress;
import org.lowrank4j.command.work.Result;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "inspect",
        sortOptions = false,
        header = "Shows what is in an adapter or a model.",
        description = "Prints settings, shapes, norms, effective ranks, and which base an adapter belongs to.",
        footer = {
            "",
            "The effective rank is exp(H) with H the entropy of the singular values divided by their sum (Roy and"
                    + " Vetterli 2007): the number of directions that really take part.",
            "Exit status: 0 shown, 1 the file is damaged or does not belong to BASE, 2 wrong use.",
            "Example:",
            "  java -jar lowrank4j-agent.jar inspect --project . adapter/"
        })
final class InspectVerb extends Verb {

    @Parameters(
            index = "0",
            paramLabel = "FILE",
            description = "An adapter (a directory in PEFT's layout) or a model zip.")
    private Path file = Path.of("");

    @Option(
            names = {"-b", "--base"},
            paramLabel = "BASE",
            description = "The model zip that training started from: shows the adapter that a trained zip holds, and"
                    + " whether an adapter belongs to it.")
    private @Nullable Path base;

    @Option(
            names = "--spectrum",
            description =
                    "Effective ranks of whole weight matrices too. They take a decomposition each: seconds at 1024,"
                            + " minutes at 4096.")
    private boolean spectrum;

    InspectVerb(Host host) {
        super(host);
    }

    @Override
    void check() {
        InputFiles.checkExists(file);
        InputFiles.checkBase(base);
    }

    @Override
    Result work(Progress progress) throws IOException {
        return Inspection.inspect(file, base, spectrum, progress);
    }
}
