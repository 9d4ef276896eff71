package org.lowrank4j.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.command.work.AveragingModels;
import org.lowrank4j.command.work.InputFiles;
import org.lowrank4j.command.work.Progress;
import org.lowrank4j.command.work.Result;
import org.lowrank4j.command.work.WrongUse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "average",
        sortOptions = false,
        header = "Makes one model of several that a training saved on its way.",
        description = "Of checkpoints it is the mean of their weights (latest weight averaging, arXiv 2306.03241)."
                + " With --width it is the exponential moving average that remembers that share of the training, made of"
                + " what a training with average=post-hoc-ema keeps in one or more files (arXiv 2312.02696). The"
                + " result needs nothing of this library.",
        footer = {
            "",
            "Exit status: 0 written, 1 refused (different networks, no averages in a file), 2 wrong use.",
            "Examples:",
            "  java -jar lowrank4j-agent.jar average --project . epoch8.zip epoch9.zip epoch10.zip -o mean.zip",
            "  java -jar lowrank4j-agent.jar average --project . --width 0.07 tuned.zip -o smoother.zip"
        })
final class AverageVerb extends Verb {

    /** Of an average in which all steps count alike. */
    private static final double WIDEST = Math.sqrt(1 / 12.0);

    @Parameters(arity = "1..*", paramLabel = "MODEL", description = "Model zips of one network.")
    private List<Path> models = List.of();

    @Option(
            names = "--width",
            paramLabel = "S",
            description = "The deviation of the average's weights as a share of the steps, above 0 and below 0.288.")
    private @Nullable Double width;

    @Mixin
    private final OutputOptions output = new OutputOptions();

    AverageVerb(Host host) {
        super(host);
    }

    @Override
    void check() {
        models.forEach(InputFiles::checkModel);
        if (width != null && !(width > 0 && width < WIDEST)) {
            throw new WrongUse("--width must be above 0 and below 0.288, which is that of an average in which all steps"
                    + " count alike, and it is " + width + ".");
        }
        if (width == null && models.size() == 1) {
            throw new WrongUse("The mean of one model is that model. Give several, or with --width one that a training"
                    + " with average=post-hoc-ema saved.");
        }
        output.checkZip();
    }

    @Override
    Result work(Progress progress) throws IOException {
        return AveragingModels.write(models, width, output.path(), progress);
    }
}
