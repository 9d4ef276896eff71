package org.lowrank4j.command.work;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.deeplearning4j.nn.api.Model;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.compression.Calibration;
import org.lowrank4j.compression.CompressedLayer;
import org.lowrank4j.compression.Compression;
import org.lowrank4j.compression.ModelComparison;
import org.lowrank4j.compression.RankChoice;
import org.lowrank4j.compression.SampleInputs;
import org.lowrank4j.factorisation.Factorisation;
import org.lowrank4j.method.RefusedOption;
import org.lowrank4j.report.TextTable;

/** The verb compress. */
public final class Compressing {

    private static final int WIDTH = 110;

    /** What is asked for. */
    public enum Criterion {
        /** The method's own ranks, or else as many as change nothing. */
        OWN,
        RANK,
        ENERGY,
        KEEP,
        ACCURACY_DROP
    }

    private final Path file;
    private final String method;
    private final Map<String, String> options;
    private final Progress progress;

    /**
     * @param method the name of a factorisation
     * @param options of it, keyed {@code method.option}
     */
    public Compressing(Path file, String method, Map<String, String> options, Progress progress) {
        this.file = file;
        this.method = method;
        this.options = options;
        this.progress = progress;
    }

    /**
     * Writes the smaller model.
     *
     * @param value of the criterion; 0 for {@link Criterion#OWN}
     * @param source of data; null for none
     * @param batches how many minibatches of it at most
     */
    public Result compress(Criterion criterion, double value, @Nullable String source, int batches, Path output)
            throws IOException {
        Factorisation factorisation = WrongUse.unlessFound(() -> Compression.method(method, options));
        ModelFile model = AdapterSource.model(file, progress);
        Model network = model.network();
        Calibration data = data(source, batches, network);
        progress.begin("decomposing by " + method);
        Compression compression;
        try {
            compression = Compression.of(network, factorisation, options, data);
        } catch (RefusedOption wrong) {
            throw new WrongUse(String.valueOf(wrong.getMessage()));
        }
        Map<String, Integer> ranks = ranks(compression, criterion, value, data);
        if (ranks.isEmpty()) {
            throw new LowRankException("No layer of " + file + " would be smaller as two: " + reasons(compression)
                    + " Ask for less with --rank, --energy, --keep or --accuracy-drop.");
        }
        Model small = compression.model(ranks);
        progress.begin("comparing " + Numbers.counted(ranks.size(), "layer", "layers") + " that became two");
        List<CompressedLayer> layers = compression.report(ranks, small, data);
        Result result = result(network, small, layers, data, output, model.adapters() != null);
        model.replaceNetwork(output, small);
        return result;
    }

    private static @Nullable Calibration data(@Nullable String source, int batches, Model network) throws IOException {
        if (source == null) {
            return null;
        }
        Calibration data =
                CalibrationSource.read(source, batches, network.params().dataType());
        try {
            data.requireFits(network);
        } catch (LowRankException unfit) {
            throw new LowRankException("--data " + source + " does not fit the model. " + unfit.getMessage(), unfit);
        }
        return data;
    }

    private Map<String, Integer> ranks(
            Compression compression, Criterion criterion, double value, @Nullable Calibration data) {
        return switch (criterion) {
            case OWN -> {
                Map<String, Integer> own = compression.ownRanks();
                yield own == null ? compression.ranks(RankChoice.exact()) : own;
            }
            case RANK -> compression.ranks(value < 1 ? RankChoice.share(value) : RankChoice.fixed((int) value));
            case ENERGY -> compression.ranks(RankChoice.energy(value));
            case KEEP -> compression.ranksWithin(value);
            case ACCURACY_DROP -> {
                if (data == null) {
                    throw new WrongUse("--accuracy-drop needs --data with labels.");
                }
                progress.begin("looking for the smallest network that loses at most " + value + " of the accuracy");
                yield compression.ranksForAccuracy(value, data);
            }
        };
    }

    private static String reasons(Compression compression) {
        List<String> reasons = new ArrayList<>();
        compression.whole().forEach((name, why) -> reasons.add(name + " " + why));
        if (!compression.layers().isEmpty()) {
            reasons.add("no rank that was asked for saves anything in "
                    + String.join(", ", compression.layers().keySet()));
        }
        return String.join("; ", reasons) + ".";
    }

    private Result result(
            Model network,
            Model small,
            List<CompressedLayer> layers,
            @Nullable Calibration data,
            Path output,
            boolean hadAdapters) {
        List<String> lines = new ArrayList<>();
        Map<String, Object> values = new LinkedHashMap<>();
        long before = network.numParams();
        long after = small.numParams();
        lines.add(String.format(
                Locale.ROOT,
                "compressed into %s: %,d of %,d parameters (%.1f %%)",
                output,
                after,
                before,
                100.0 * after / before));
        lines.addAll(table(layers, data != null));
        values.put("output", output.toString());
        values.put("method", method);
        values.put("parametersBefore", before);
        values.put("parametersAfter", after);
        values.put("layers", layers.stream().map(Compressing::values).toList());
        speed(network, small, data, lines, values);
        if (data != null && ModelComparison.isOfClasses(data)) {
            double whole = ModelComparison.accuracy(network, data);
            double smaller = ModelComparison.accuracy(small, data);
            lines.add(String.format(
                    Locale.ROOT,
                    "accuracy on %,d examples of the data: %.2f %%, before %.2f %%",
                    data.examples(),
                    100 * smaller,
                    100 * whole));
            values.put("accuracyBefore", whole);
            values.put("accuracyAfter", smaller);
        }
        lines.add(
                "A layer NAME that became two is NAME-lowrank and NAME; indices of layers shift. Training starts with a"
                        + " fresh updater.");
        if (hadAdapters) {
            lines.add("The state of adapters in " + file + " was left out: its weights are what was cut.");
        }
        return new Result(true, values, lines);
    }

    private static void speed(
            Model network, Model small, @Nullable Calibration data, List<String> lines, Map<String, Object> values) {
        Calibration sample = data == null ? SampleInputs.of(network) : data;
        if (sample == null) {
            lines.add("inference: not measured, since the network does not say which inputs it takes; give --data");
            return;
        }
        double[] seconds = ModelComparison.seconds(network, small, sample);
        lines.add(String.format(
                Locale.ROOT,
                "inference of %d examples here: %.3g ms, before %.3g ms (%.2f of it)",
                sample.batchSize(),
                1000 * seconds[1],
                1000 * seconds[0],
                seconds[1] / seconds[0]));
        values.put("secondsBefore", seconds[0]);
        values.put("secondsAfter", seconds[1]);
        values.put("examplesMeasured", sample.batchSize());
    }

    private static List<String> table(List<CompressedLayer> layers, boolean withOutputs) {
        TextTable table = new TextTable(
                List.of(
                        "layer",
                        "type",
                        "rank",
                        "params",
                        "becomes",
                        "products",
                        "becomes",
                        "W off",
                        "outputs off",
                        ""),
                Set.of(2, 3, 4, 5, 6, 7, 8));
        for (CompressedLayer layer : layers) {
            boolean whole = layer.rank() == 0;
            table.add(List.of(
                    layer.name(),
                    layer.type(),
                    whole ? "" : Integer.toString(layer.rank()),
                    Numbers.shown(layer.parametersBefore()),
                    whole ? "" : Numbers.shown(layer.parametersAfter()),
                    known(layer.productsBefore()),
                    whole ? "" : known(layer.productsAfter()),
                    whole ? "" : percent(layer.weightError()),
                    whole || !withOutputs ? "" : percent(layer.outputError()),
                    whole ? "stays: " + layer.whole() : ""));
        }
        return table.lines(WIDTH);
    }

    private static String known(long products) {
        return products < 0 ? "" : Numbers.shown(products);
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f %%", 100 * share);
    }

    private static Map<String, Object> values(CompressedLayer layer) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("layer", layer.name());
        values.put("type", layer.type());
        values.put("rank", layer.rank());
        if (layer.rank() == 0) {
            values.put("stays", layer.whole());
        }
        values.put("parametersBefore", layer.parametersBefore());
        values.put("parametersAfter", layer.parametersAfter());
        if (layer.productsBefore() >= 0) {
            values.put("productsBefore", layer.productsBefore());
            values.put("productsAfter", layer.productsAfter());
        }
        values.put("weightError", layer.weightError());
        if (!Double.isNaN(layer.outputError())) {
            values.put("outputError", layer.outputError());
        }
        return values;
    }
}
