package org.lowrank4j.command;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.command.work.InputFiles;
import org.lowrank4j.command.work.Progress;
import org.lowrank4j.command.work.Result;
import org.lowrank4j.command.work.Verification;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "verify",
        sortOptions = false,
        header = "Checks that a file is sound, and belongs to a base.",
        description =
                "Looks at lengths, checksums, settings and that all numbers are finite; with BASE, whether an adapter"
                        + " belongs to it.",
        footer = {
            "",
            "Exit status: 0 sound, 1 a problem was found, 2 wrong use.",
            "Example:",
            "  java -jar lowrank4j-agent.jar verify --project . adapter/ --base base.zip"
        })
final class VerifyVerb extends Verb {

    @Parameters(
            index = "0",
            paramLabel = "FILE",
            description = "An adapter (a directory in PEFT's layout) or a model zip.")
    private Path file = Path.of("");

    @Option(
            names = {"-b", "--base"},
            paramLabel = "BASE",
            description = "The model zip that the adapter must belong to.")
    private @Nullable Path base;

    VerifyVerb(Host host) {
        super(host);
    }

    @Override
    void check() {
        InputFiles.checkExists(file);
        InputFiles.checkBase(base);
    }

    @Override
    Result work(Progress progress) throws IOException {
        return Verification.verify(file, base, progress);
    }
}
