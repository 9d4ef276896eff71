package org.lowrank4j.command.work;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.BaseFingerprint;
import org.lowrank4j.method.Excerpt;
import org.lowrank4j.report.TextTable;

/** What is in an adapter, as a table and as values. */
final class AdapterTable {

    private static final int WIDTH = 110;

    private final Adapter adapter;
    private final List<String> lines = new ArrayList<>();
    private final Map<String, Object> values = new LinkedHashMap<>();

    private AdapterTable(Adapter adapter) {
        this.adapter = adapter;
    }

    static AdapterTable of(Adapter adapter) {
        AdapterTable table = new AdapterTable(adapter);
        table.total();
        table.layers();
        table.parameters();
        table.base();
        table.metadata();
        return table;
    }

    List<String> lines() {
        return lines;
    }

    Map<String, Object> values() {
        return values;
    }

    /**
     * The result of a verb that wrote the adapter.
     *
     * @param said the first line
     * @param findings what is said behind the table
     * @param notes what is said last, to machines as well
     */
    Result written(String said, Path output, List<String> findings, List<String> notes) {
        List<String> all = new ArrayList<>();
        all.add(said);
        all.addAll(lines);
        all.addAll(findings);
        all.addAll(notes);
        Map<String, Object> written = new LinkedHashMap<>();
        written.put("output", output.toString());
        written.put("adapter", values);
        written.put("notes", notes);
        return new Result(true, written, all);
    }

    private void total() {
        int matrices = adapter.layers().size();
        int layers = adapter.adaptedLayers().size();
        lines.add("adapter of " + Numbers.counted(layers, "layer", "layers")
                + (matrices == layers ? "" : " with " + Numbers.counted(matrices, "matrix", "matrices")) + ": "
                + Numbers.counted(adapter.factorCount(), "number", "numbers") + " in factors, "
                + Numbers.shown(adapter.parameterCount()) + " trained in full");
        values.put("factorCount", adapter.factorCount());
        values.put("parameterCount", adapter.parameterCount());
    }

    private void layers() {
        TextTable table = new TextTable(
                List.of("layer", "W", "type", "rank", "alpha", "scale", "|A|", "|B|", "|sAB|", "effective rank"),
                Set.of(3, 4, 5, 6, 7, 8, 9));
        List<Object> all = new ArrayList<>();
        adapter.layers().forEach((name, layer) -> {
            Spectrum change = Spectrum.of(layer);
            double normOfA = layer.a().norm2Number().doubleValue();
            double normOfB = layer.b().norm2Number().doubleValue();
            String dora = layer.magnitude() == null ? "" : " DoRA";
            table.add(List.of(
                    name,
                    Numbers.matrix(layer.inputs(), layer.outputs()),
                    layer.dataType() + dora,
                    Integer.toString(layer.rank()),
                    Numbers.shown(layer.alpha()),
                    Numbers.shown(layer.scale()),
                    Numbers.shown(normOfA),
                    Numbers.shown(normOfB),
                    Numbers.shown(change.norm()),
                    Numbers.shown(change.effectiveRank())));
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("layer", name);
            one.put("inputs", layer.inputs());
            one.put("outputs", layer.outputs());
            one.put("type", layer.dataType().toString());
            one.put("rank", layer.rank());
            one.put("alpha", layer.alpha());
            one.put("scaling", layer.scaling().toString());
            one.put("scale", layer.scale());
            one.put("magnitude", layer.magnitude() != null);
            one.put("normOfA", normOfA);
            one.put("normOfB", normOfB);
            one.put("norm", change.norm());
            one.put("effectiveRank", change.effectiveRank());
            all.add(one);
        });
        if (!all.isEmpty()) {
            lines.addAll(table.lines(WIDTH));
        }
        values.put("layers", all);
    }

    private void parameters() {
        TextTable table = new TextTable(List.of("trained in full", "shape", "type", "norm"), Set.of(3));
        List<Object> all = new ArrayList<>();
        adapter.parameters()
                .forEach((layer, arrays) -> arrays.forEach((name, array) -> {
                    double norm = array.norm2Number().doubleValue();
                    table.add(List.of(
                            layer + " " + name,
                            Numbers.shape(array),
                            array.dataType().toString(),
                            Numbers.shown(norm)));
                    Map<String, Object> one = new LinkedHashMap<>();
                    one.put("layer", layer);
                    one.put("name", name);
                    one.put("shape", Numbers.shape(array));
                    one.put("type", array.dataType().toString());
                    one.put("norm", norm);
                    all.add(one);
                }));
        if (!all.isEmpty()) {
            lines.addAll(table.lines(WIDTH));
        }
        values.put("parameters", all);
    }

    private void base() {
        BaseFingerprint base = adapter.base();
        if (base == null) {
            lines.add("base: not known; the adapter does not say which model it was made on");
            return;
        }
        Map<String, Object> hashes = new LinkedHashMap<>();
        lines.add("base: SHA-256 of its weights");
        base.weights().forEach((layer, weight) -> {
            lines.add("  " + layer + " " + Numbers.matrix(weight.inputs(), weight.outputs()) + " " + weight.type() + " "
                    + weight.sha256());
            hashes.put(layer, weight.sha256());
        });
        values.put("base", hashes);
    }

    private void metadata() {
        if (!adapter.metadata().isEmpty()) {
            lines.add("metadata:");
        }
        adapter.metadata().forEach((name, value) -> lines.add("  " + Excerpt.of(name) + ": " + Excerpt.of(value)));
        values.put("metadata", new LinkedHashMap<String, Object>(adapter.metadata()));
    }
}
