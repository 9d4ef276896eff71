package org.lowrank4j.command.work;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.LayerAdapter;
import org.lowrank4j.adapter.Merge;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.adapter.TrainedAdapter;
import org.lowrank4j.file.TrainingState;
import org.lowrank4j.network.NetworkWeights;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The verb convert. */
public final class Conversion {

    private Conversion() {}

    /**
     * Writes an adapter in PEFT's layout.
     *
     * @param packed whether factors of few different numbers are to take as few bits, which PEFT cannot read
     */
    public static Result toDirectory(Path source, @Nullable Path base, boolean packed, Path output, Progress progress)
            throws IOException {
        ModelFile foundation = AdapterSource.base(base, progress);
        Adapter adapter = AdapterSource.read(source, foundation, progress);
        List<String> notes = new ArrayList<>();
        if (foundation != null) {
            BaseCheck check = BaseCheck.of(adapter, foundation);
            if (!check.fits()) {
                throw new LowRankException(source + " " + String.join(" ", check.sentences()));
            }
            notes.addAll(BaseCheck.newLayers(adapter, foundation));
        }
        adapter.layers().forEach((key, layer) -> {
            String distance = adapter.metadata().get(TrainedAdapter.DECOMPOSED + key);
            if (distance != null) {
                notes.add(key + ": a decomposition of what training changed; rank " + layer.rank()
                        + " gives the tuned weight within " + distance + " of its norm");
            }
        });
        if (packed) {
            PeftDirectory.writePacked(adapter, output);
        } else {
            PeftDirectory.write(adapter, output);
        }
        return AdapterTable.of(adapter).written("written to " + output, output, List.of(), notes);
    }

    /**
     * Writes a model zip whose weights have the adapter in them, and beside them the state with which a training under
     * the same settings goes on: plain LoRA or DoRA on exact gradients.
     */
    public static Result toZip(Path source, Path base, boolean anyBase, Path output, Progress progress)
            throws IOException {
        ModelFile foundation = AdapterSource.model(base, progress);
        Adapter adapter = AdapterSource.read(source, foundation, progress);
        if (adapter.layers().isEmpty()) {
            throw new LowRankException(source + " adapts no layer, so there is no training to go on with. Merge it.");
        }
        Merge.check(foundation, adapter, anyBase);
        progress.begin("merging " + Numbers.counted(adapter.layers().size(), "matrix", "matrices") + " and checking");
        // The base was checked.
        Merge.write(foundation, adapter, state(adapter, foundation), output, true);
        List<String> notes = new ArrayList<>();
        notes.add("training goes on under a rule of the same settings: " + rule(adapter, foundation));
        notes.add("its counts of iterations and epochs, on which schedules go, are those of " + base
                + ", and its updaters begin anew");
        BaseCheck.unnamed(adapter).ifPresent(notes::add);
        return AdapterTable.of(adapter).written("written to " + output, output, List.of(), notes);
    }

    /** What a LoRA or DoRA training of this adapter would have saved, before any updater. */
    private static TrainingState state(Adapter adapter, ModelFile base) {
        NetworkWeights network = NetworkWeights.of(base.network());
        Map<String, String> settings = new LinkedHashMap<>();
        Map<String, INDArray> tensors = new TreeMap<>();
        adapter.layers().forEach((name, layer) -> {
            INDArray magnitude = layer.magnitude();
            settings.put(
                    name,
                    "update=" + update(layer) + " gradient=exact rank=" + layer.rank() + " scale=" + layer.scale()
                            + " shape=" + Numbers.matrix(layer.inputs(), layer.outputs()));
            INDArray base0 = network.matrix(name);
            put(tensors, name, "A", layer.a(), base0);
            put(tensors, name, "B", layer.b(), base0);
            if (magnitude != null) {
                INDArray row = magnitude.reshape(1, magnitude.length());
                INDArray norms =
                        layer.product().addi(base0.castTo(DataType.DOUBLE)).norm2(true, 0);
                put(tensors, name, "M", row, base0);
                norms.addi(norms.eq(0).castTo(DataType.DOUBLE));
                put(tensors, name, "ratio", row.castTo(DataType.DOUBLE).div(norms), base0);
            }
        });
        return new TrainingState(settings, Map.of(), tensors, false);
    }

    private static void put(Map<String, INDArray> tensors, String layer, String name, INDArray array, INDArray base) {
        tensors.put("adapter/" + layer + "/" + name, array.castTo(base.dataType()));
    }

    private static String update(LayerAdapter layer) {
        return layer.magnitude() == null ? "lora" : "dora";
    }

    /** The arguments of the agent that plan exactly these settings. */
    private static String rule(Adapter adapter, ModelFile base) {
        LayerAdapter first = adapter.layers().values().iterator().next();
        NetworkWeights network = NetworkWeights.of(base.network());
        List<String> keys = new ArrayList<>();
        keys.add("layers="
                + adapter.layers().keySet().stream()
                        .map(key -> pattern(key, network))
                        .collect(Collectors.joining(":")));
        keys.add("update=" + update(first));
        keys.add("scaling=" + first.scaling().name().toLowerCase(Locale.ROOT));
        keys.add("rank=" + first.rank());
        keys.add("alpha=" + first.alpha());
        adapter.layers().forEach((name, layer) -> {
            if (layer.rank() != first.rank()) {
                keys.add("rank@" + pattern(name, network) + "=" + layer.rank());
            }
            if (layer.alpha() != first.alpha()) {
                keys.add("alpha@" + pattern(name, network) + "=" + layer.alpha());
            }
            if (layer.scaling() != first.scaling()) {
                keys.add("scaling@" + pattern(name, network) + "="
                        + layer.scaling().name().toLowerCase(Locale.ROOT));
            }
        });
        return String.join(",", keys);
    }

    /** What names a matrix in a rule, where the name of a layer alone stands for all that it has. */
    private static String pattern(String key, NetworkWeights network) {
        NetworkWeights.Place place = network.place(key);
        long ofLayer = network.matrices().stream()
                .filter(other -> network.place(other).layer().equals(place.layer()))
                .count();
        return ofLayer == 1 ? place.layer() : place.layer() + "/" + place.parameter();
    }
}
