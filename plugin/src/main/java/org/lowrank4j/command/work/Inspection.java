package org.lowrank4j.command.work;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.adapter.TrainedAdapter;
import org.lowrank4j.file.TrainingState;
import org.lowrank4j.network.NetworkShape.MatrixShape;
import org.lowrank4j.network.NetworkWeights;
import org.lowrank4j.report.TextTable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The verb inspect. */
public final class Inspection {

    private static final int WIDTH = 110;

    private Inspection() {}

    /**
     * Shows a file.
     *
     * @param base the model that an adapter is to belong to; null if none was given
     * @param spectrum whether to decompose whole weight matrices
     */
    public static Result inspect(Path file, @Nullable Path base, boolean spectrum, Progress progress)
            throws IOException {
        List<String> lines = new ArrayList<>();
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("file", file.toString());
        ModelFile foundation = AdapterSource.base(base, progress);
        Adapter adapter = null;
        if (InputFiles.peftDirectory(file) != null) {
            PeftDirectory.Contents contents = AdapterSource.open(file, null, progress);
            adapter = contents.adapter();
            lines.add(contents.hashed() ? "hashes: right" : "hashes: none, so a changed number cannot be seen");
            lines.addAll(contents.notes());
            values.put("hashed", contents.hashed());
            values.put("notes", contents.notes());
        } else {
            ModelFile model = AdapterSource.model(file, progress);
            model(model, spectrum, progress, lines, values);
            if (foundation != null && model.adapters() != null) {
                adapter = TrainedAdapter.of(foundation, model);
            }
        }
        boolean fine = true;
        if (adapter != null) {
            AdapterTable table = AdapterTable.of(adapter);
            lines.addAll(table.lines());
            values.put("adapter", table.values());
            if (foundation != null) {
                BaseCheck check = BaseCheck.of(adapter, foundation);
                check.addTo(lines, values);
                fine = check.fits();
            }
        }
        return new Result(fine, values, lines);
    }

    private static void model(
            ModelFile model, boolean spectrum, Progress progress, List<String> lines, Map<String, Object> values) {
        NetworkWeights network = NetworkWeights.of(model.network());
        long count = model.network().numParams();
        lines.add(network.kind() + " with " + Numbers.shown(count) + " parameters ("
                + model.network().params().dataType() + ")");
        values.put("kind", network.kind());
        values.put("parameterCount", count);
        List<String> header = new ArrayList<>(List.of("layer", "type", "parameter", "shape", "norm"));
        if (spectrum) {
            header.add("effective rank");
        }
        TextTable table = new TextTable(header, Set.of(4, 5));
        List<Object> all = new ArrayList<>();
        network.layers()
                .forEach((layer, part) -> part.parameters().forEach((name, array) -> {
                    double norm = array.norm2Number().doubleValue();
                    Map<String, Object> one = new LinkedHashMap<>();
                    one.put("layer", layer);
                    one.put("type", part.type());
                    one.put("name", name);
                    one.put("shape", Numbers.shape(array));
                    one.put("norm", norm);
                    List<String> row = new ArrayList<>(
                            List.of(layer, part.type(), name, Numbers.shape(array), Numbers.shown(norm)));
                    if (spectrum) {
                        row.add("");
                        INDArray matrix = matrix(network, MatrixShape.key(layer, name), array);
                        if (matrix != null) {
                            progress.begin("decomposing " + name + " of layer " + layer);
                            double rank = Spectrum.of(matrix).effectiveRank();
                            one.put("effectiveRank", rank);
                            row.set(5, Numbers.shown(rank));
                        }
                    }
                    table.add(row);
                    all.add(one);
                }));
        lines.addAll(table.lines(WIDTH));
        if (!spectrum) {
            lines.add("effective ranks of these take a decomposition each: --spectrum");
        }
        values.put("parameters", all);
        TrainingState state = model.adapters();
        if (state == null) {
            lines.add("no state of an adapted training");
        } else {
            training(state, lines, values);
        }
    }

    /** What a parameter is as a matrix, if its kind says so or it has two sides; null for what is none. */
    private static @Nullable INDArray matrix(NetworkWeights network, String key, INDArray parameter) {
        if (network.matrices().contains(key)) {
            return network.matrix(key);
        }
        return parameter.rank() == 2 && !parameter.isVector() ? parameter : null;
    }

    private static void training(TrainingState state, List<String> lines, Map<String, Object> values) {
        lines.add("state of an adapted training" + (state.hasUpdater() ? ", with that of its updater:" : ":"));
        state.settings().forEach((layer, settings) -> lines.add("  " + layer + ": " + settings));
        Map<String, Object> tensors = new LinkedHashMap<>();
        for (Map.Entry<String, INDArray> tensor : state.tensors().entrySet()) {
            tensors.put(tensor.getKey(), Numbers.shape(tensor.getValue()));
        }
        Map<String, Object> training = new LinkedHashMap<>();
        training.put("settings", new LinkedHashMap<String, Object>(state.settings()));
        training.put("ranks", new LinkedHashMap<String, Object>(state.ranks()));
        training.put("updater", state.hasUpdater());
        training.put("tensors", tensors);
        values.put("training", training);
    }
}
