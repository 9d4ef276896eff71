package org.lowrank4j.command;

import java.io.IOException;
import java.nio.file.Path;
import org.lowrank4j.command.work.InputFiles;
import org.lowrank4j.command.work.Merging;
import org.lowrank4j.command.work.Progress;
import org.lowrank4j.command.work.Result;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "merge",
        sortOptions = false,
        header = "Writes a plain model with an adapter merged into its weights.",
        description =
                "Before it is written, every adapted layer must give the same outputs on random inputs as base and"
                        + " adapter apart, within 1e-6 of the largest. The result needs nothing of this library.",
        footer = {
            "",
            "Exit status: 0 merged, 1 refused (another base, nothing would change, the check failed), 2 wrong use.",
            "Example:",
            "  java -jar lowrank4j-agent.jar merge --project . base.zip adapter/ -o merged.zip"
        })
final class MergeVerb extends Verb {

    @Parameters(index = "0", paramLabel = "BASE", description = "The model zip that the adapter was made on.")
    private Path base = Path.of("");

    @Parameters(
            index = "1",
            paramLabel = "ADAPTER",
            description = "A directory in PEFT's layout, or the model zip that the training wrote.")
    private Path adapter = Path.of("");

    @Mixin
    private final OutputOptions output = new OutputOptions();

    @Option(names = "--any-base", description = "Accept an adapter of another base if its shapes fit.")
    private boolean anyBase;

    MergeVerb(Host host) {
        super(host);
    }

    @Override
    void check() {
        InputFiles.checkModel(base);
        InputFiles.checkExists(adapter);
        output.checkZip();
    }

    @Override
    Result work(Progress progress) throws IOException {
        return Merging.merge(base, adapter, output.path(), anyBase, progress);
    }
}
