package org.lowrank4j.command;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.command.work.Compressing;
import org.lowrank4j.command.work.Compressing.Criterion;
import org.lowrank4j.command.work.InputFiles;
import org.lowrank4j.command.work.Progress;
import org.lowrank4j.command.work.Result;
import org.lowrank4j.command.work.WrongUse;
import org.lowrank4j.method.Excerpt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "compress",
        sortOptions = false,
        header = "Writes a smaller and faster model, with two thin layers in the place of one.",
        description =
                "Dense and output layers and two-dimensional convolutions are cut where that saves parameters; all"
                        + " others stay. The result is a model of stock Deeplearning4j that needs nothing of this library; it can be"
                        + " trained on, adapted and compressed again.",
        footer = {
            "",
            "Without data go svd (the default: the closest weights), svd-spatial (filters of one column, then of one row),"
                    + " greenformers and pela (with a rank of its own); with the inputs of --data afm and lord (the closest"
                    + " outputs), with inputs and labels fwsvd (weighted by gradients of the loss).",
            "Without one of --rank, --energy, --keep and --accuracy-drop pela takes its own ranks, and the others what"
                    + " changes nothing, which is for models that were trained towards low rank.",
            "Exit status: 0 written, 1 refused (nothing would be smaller, no data where they are needed), 2 wrong use.",
            "Example:",
            "  java -jar lowrank4j-agent.jar compress --project . model.zip --method afm --keep 0.5"
                    + " --data com.example.Digits -o small.zip"
        })
final class CompressVerb extends Verb {

    private static final int BATCHES = 64;

    @Parameters(index = "0", paramLabel = "MODEL", description = "A model zip of Deeplearning4j.")
    private Path model = Path.of("");

    @Option(
            names = "--method",
            paramLabel = "METHOD",
            description = "svd (the default), svd-spatial, fwsvd, afm, lord, pela, greenformers, or one of your own.")
    private String method = "svd";

    @Option(
            names = "--rank",
            paramLabel = "R",
            description = "The same for all layers; below 1 a share of the rank from which on a layer stays whole.")
    private @Nullable Double rank;

    @Option(
            names = "--energy",
            paramLabel = "E",
            description =
                    "The share of the squared singular values, or of the outputs' variance, that each layer keeps.")
    private @Nullable Double energy;

    @Option(
            names = "--keep",
            paramLabel = "K",
            description = "The share of all parameters that stays: ranks go where a parameter makes the error least.")
    private @Nullable Double keep;

    @Option(
            names = "--accuracy-drop",
            paramLabel = "D",
            description = "The smallest model whose accuracy on --data falls by at most D: 0.01 is one point.")
    private @Nullable Double accuracyDrop;

    @Option(
            names = "--data",
            paramLabel = "CLASS|FILE",
            description =
                    "What the model is to see: a public class on the class path, with a public constructor without"
                            + " arguments, that is a DataSetIterator, a MultiDataSetIterator or a Supplier of one; or a safetensors"
                            + " file with \"inputs\" and perhaps \"labels\", examples first.")
    private @Nullable String data;

    @Option(
            names = "--batches",
            paramLabel = "N",
            description = "How many minibatches of --data at most; 64 if absent.")
    private int batches = BATCHES;

    @Option(
            names = "--option",
            paramLabel = "METHOD.OPTION=VALUE",
            description = "An option of the method, for example pela.c=2 or fwsvd.floor=1e-2; may be repeated.")
    private List<String> options = new ArrayList<>();

    @Mixin
    private final OutputOptions output = new OutputOptions();

    CompressVerb(Host host) {
        super(host);
    }

    @Override
    void check() {
        InputFiles.checkModel(model);
        if (criteria().size() > 1) {
            throw new WrongUse("Give one of --rank, --energy, --keep and --accuracy-drop, not several.");
        }
        if (rank != null && !(rank > 0 && (rank < 1 || rank == Math.rint(rank) && rank <= Integer.MAX_VALUE))) {
            throw new WrongUse(
                    "--rank must be a whole number of 1 or more, or a share between 0 and 1, and it is " + rank + ".");
        }
        checkShare("--energy", energy, 1);
        checkShare("--keep", keep, Math.nextDown(1.0));
        if (accuracyDrop != null && !(accuracyDrop >= 0 && accuracyDrop < 1)) {
            throw new WrongUse("--accuracy-drop must be a number from 0 to below 1, and it is " + accuracyDrop + ".");
        }
        if (accuracyDrop != null && data == null) {
            throw new WrongUse("--accuracy-drop needs --data with labels.");
        }
        if (batches < 1) {
            throw new WrongUse("--batches must be 1 or more, and it is " + batches + ".");
        }
        optionValues();
        output.checkZip();
    }

    private static void checkShare(String option, @Nullable Double share, double most) {
        if (share != null && !(share > 0 && share <= most)) {
            throw new WrongUse(option + " must be a number above 0 and " + (most == 1 ? "at most" : "below") + " 1, and"
                    + " it is " + share + ".");
        }
    }

    /** Those that are given. */
    private Map<Criterion, Double> criteria() {
        Map<Criterion, Double> given = new EnumMap<>(Criterion.class);
        put(given, Criterion.RANK, rank);
        put(given, Criterion.ENERGY, energy);
        put(given, Criterion.KEEP, keep);
        put(given, Criterion.ACCURACY_DROP, accuracyDrop);
        return given;
    }

    private static void put(Map<Criterion, Double> given, Criterion criterion, @Nullable Double value) {
        if (value != null) {
            given.put(criterion, value);
        }
    }

    private Map<String, String> optionValues() {
        Map<String, String> values = new LinkedHashMap<>();
        for (String option : options) {
            int equals = option.indexOf('=');
            if (equals < 1) {
                throw new WrongUse(
                        "'" + Excerpt.of(option) + "' is no METHOD.OPTION=VALUE. Write pela.c=2, for example.");
            }
            values.put(
                    option.substring(0, equals).strip(),
                    option.substring(equals + 1).strip());
        }
        return values;
    }

    @Override
    Result work(Progress progress) throws IOException {
        Compressing compressing = new Compressing(model, method, optionValues(), progress);
        Map.Entry<Criterion, Double> asked =
                criteria().entrySet().stream().findFirst().orElse(Map.entry(Criterion.OWN, 0.0));
        return compressing.compress(asked.getKey(), asked.getValue(), data, batches, output.path());
    }
}
