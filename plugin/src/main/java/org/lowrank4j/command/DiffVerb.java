package org.lowrank4j.command;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.command.work.Comparing;
import org.lowrank4j.command.work.InputFiles;
import org.lowrank4j.command.work.Progress;
import org.lowrank4j.command.work.Result;
import org.lowrank4j.command.work.WrongUse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "diff",
        sortOptions = false,
        header = "Compares two models or two adapters.",
        description =
                "Models are compared parameter by parameter, adapters by the changes s A B that they make, which do not"
                        + " depend on how a change is split into factors.",
        footer = {
            "",
            "Columns: largest is the largest difference of an entry, relative the norm of the difference in parts of the"
                    + " left one's, cosine that of the angle between them (both absent where a norm is 0).",
            "Exit status: 0 the same bits, or within --tolerance, 1 they differ or cannot be compared, 2 wrong use.",
            "Example:",
            "  java -jar lowrank4j-agent.jar diff --project . base.zip tuned.zip"
        })
final class DiffVerb extends Verb {

    @Parameters(index = "0", paramLabel = "LEFT", description = "A model zip, or an adapter in PEFT's layout.")
    private Path left = Path.of("");

    @Parameters(index = "1", paramLabel = "RIGHT", description = "Another of the same kind.")
    private Path right = Path.of("");

    @Option(
            names = {"-b", "--base"},
            paramLabel = "BASE",
            description = "The model zip that both were trained from: compares the adapters of trained zips.")
    private @Nullable Path base;

    @Option(
            names = "--tolerance",
            paramLabel = "T",
            description = "The relative difference up to which all is well; 0, the same bits, if absent. A merge stays"
                    + " within 1e-6.")
    private double tolerance;

    @Option(names = "--spectrum", description = "Effective ranks of the changes of whole weight matrices too.")
    private boolean spectrum;

    DiffVerb(Host host) {
        super(host);
    }

    @Override
    void check() {
        InputFiles.checkExists(left);
        InputFiles.checkExists(right);
        InputFiles.checkBase(base);
        if (!(tolerance >= 0 && Double.isFinite(tolerance))) {
            throw new WrongUse("--tolerance must be 0 or more, and it is " + tolerance + ".");
        }
        boolean oneDirectory = (InputFiles.peftDirectory(left) == null) != (InputFiles.peftDirectory(right) == null);
        if (base == null && oneDirectory) {
            throw new WrongUse(
                    "A model and an adapter cannot be compared. With --base, the adapter of a trained zip can"
                            + " be compared to another adapter.");
        }
    }

    @Override
    Result work(Progress progress) throws IOException {
        return base != null || InputFiles.peftDirectory(left) != null
                ? Comparing.adapters(left, right, base, tolerance, progress)
                : Comparing.models(left, right, tolerance, spectrum, progress);
    }
}
