package org.lowrank4j.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.command.work.Extracting;
import org.lowrank4j.command.work.InputFiles;
import org.lowrank4j.command.work.Progress;
import org.lowrank4j.command.work.Result;
import org.lowrank4j.command.work.WrongUse;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "extract",
        sortOptions = false,
        header = "Makes an adapter of the difference between two models.",
        description =
                "A truncated singular value decomposition of each weight's change gives the closest adapter of its"
                        + " rank. What has no weight matrix, biases for example, is in it as it is, and so is a layer"
                        + " that BASE has not, or in another shape.",
        footer = {
            "",
            "Exit status: 0 written, 1 refused (no layer in common, no difference), 2 wrong use.",
            "Example:",
            "  java -jar lowrank4j-agent.jar extract --project . base.zip tuned.zip --energy 0.99 -o adapter/"
        })
final class ExtractVerb extends Verb {

    @Parameters(index = "0", paramLabel = "BASE", description = "The model zip before training.")
    private Path base = Path.of("");

    @Parameters(
            index = "1",
            paramLabel = "TUNED",
            description = "The model zip after training, however it was trained.")
    private Path tuned = Path.of("");

    @ArgGroup(multiplicity = "1")
    private Size size = new Size();

    /** One of the two. */
    static final class Size {

        @Option(names = "--rank", paramLabel = "R", description = "The rank of every layer.")
        @Nullable Integer rank;

        @Option(
                names = "--energy",
                paramLabel = "E",
                description =
                        "The lowest ranks that keep this part of each weight's squared change: above 0, at most 1.")
        @Nullable Double energy;
    }

    @Option(
            names = "--layers",
            paramLabel = "NAME",
            split = ",",
            description =
                    "Only these layers, or matrices of theirs (lstm/RW); other changed weights are taken over as a whole.")
    private List<String> layers = List.of();

    @Mixin
    private final OutputOptions output = new OutputOptions();

    ExtractVerb(Host host) {
        super(host);
    }

    @Override
    void check() {
        InputFiles.checkModel(base);
        InputFiles.checkModel(tuned);
        if (size.rank != null && size.rank < 1) {
            throw new WrongUse("--rank must be 1 or more, and it is " + size.rank + ".");
        }
        if (size.energy != null && !(size.energy > 0 && size.energy <= 1)) {
            throw new WrongUse("--energy must be above 0 and at most 1, and it is " + size.energy + ".");
        }
        output.checkDirectory();
    }

    @Override
    Result work(Progress progress) throws IOException {
        return Extracting.extract(base, tuned, size.rank, size.energy, layers, output.path(), progress);
    }
}
