package org.lowrank4j.command;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.command.work.Conversion;
import org.lowrank4j.command.work.InputFiles;
import org.lowrank4j.command.work.Progress;
import org.lowrank4j.command.work.Result;
import org.lowrank4j.command.work.WrongUse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "convert",
        sortOptions = false,
        header = "Turns trained model zips into PEFT directories, and back.",
        description = "A directory has PEFT's layout: adapter_config.json and adapter_model.safetensors. With a zip"
                + " Deeplearning4j predicts, and lowrank4j goes on training. What OUT becomes is told by its name:"
                + " NAME.zip or a directory.",
        footer = {
            "",
            "Starts that took a part of the base (PiSSA and others) become a standard adapter of twice the rank.",
            "Exit status: 0 written, 1 refused (another base, no adapter in the zip, not representable), 2 wrong use.",
            "Examples:",
            "  java -jar lowrank4j-agent.jar convert --project . tuned.zip --base base.zip -o adapter/",
            "  java -jar lowrank4j-agent.jar convert --project . adapter/ --base base.zip -o tuned.zip"
        })
final class ConvertVerb extends Verb {

    @Parameters(
            index = "0",
            paramLabel = "ADAPTER",
            description = "A trained model zip, or a directory in PEFT's layout.")
    private Path adapter = Path.of("");

    @Option(
            names = {"-b", "--base"},
            paramLabel = "BASE",
            description =
                    "The model zip that training started from. Needed for zips: what was trained can only be seen next"
                            + " to it.")
    private @Nullable Path base;

    @Option(names = "--any-base", description = "Accept an adapter of another base if its shapes fit.")
    private boolean anyBase;

    @Option(
            names = "--packed",
            description =
                    "Write factors of few different numbers, as bits=1 to 8 trains them, in as many bits each. For"
                            + " lowrank4j only: PEFT refuses such a directory.")
    private boolean packed;

    @Mixin
    private final OutputOptions output = new OutputOptions();

    ConvertVerb(Host host) {
        super(host);
    }

    @Override
    void check() {
        InputFiles.checkExists(adapter);
        InputFiles.checkBase(base);
        if (output.isZip()) {
            output.checkZip();
            if (packed) {
                throw new WrongUse("--packed is for adapters in a directory, and a zip holds whole weights.");
            }
        } else {
            output.checkDirectory();
        }
        if (base == null && (output.isZip() || InputFiles.peftDirectory(adapter) == null)) {
            throw new WrongUse(InputFiles.NEEDS_BASE);
        }
    }

    @Override
    Result work(Progress progress) throws IOException {
        Path foundation = base;
        return output.isZip() && foundation != null
                ? Conversion.toZip(adapter, foundation, anyBase, output.path(), progress)
                : Conversion.toDirectory(adapter, base, packed, output.path(), progress);
    }
}
