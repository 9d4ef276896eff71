package org.lowrank4j.tests.pages.tables;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.api.Trainable;
import org.lowrank4j.kind.DefaultTarget;
import org.lowrank4j.kind.InputRows;
import org.lowrank4j.kind.LayerKind;
import org.lowrank4j.kind.LayerKinds;
import org.lowrank4j.kind.Matrix;

/** The kinds of layers that can be adapted, with DL4J's types of each and their matrices. */
final class KindTable {

    private final Sources sources;

    KindTable(Sources sources) {
        this.sources = sources;
    }

    String table() {
        Map<LayerKind, List<String>> types = types();
        types.forEach((kind, names) -> sources.call(kind.getClass(), names.get(0)));
        Table table = new Table(List.of("type", "what is adapted", "matrices", "by default", "shows its inputs"));
        for (LayerKind kind : LayerKinds.all()) {
            if (kind.matrices().isEmpty()) {
                continue;
            }
            if (types.containsKey(kind)) {
                table.row(List.of(
                        codes(types.get(kind)),
                        summary(kind),
                        codes(matrices(types.get(kind).get(0))),
                        kind.byDefault() == DefaultTarget.NEVER ? "" : "yes",
                        shown(kind, matrices(types.get(kind).get(0)))));
            } else if (sources.has(kind)) {
                throw new IllegalStateException("No sample is a " + kind.getClass() + ": add one to LayerSamples");
            }
        }
        return table.toString();
    }

    /** All of its matrices, or which of them. */
    private static String shown(LayerKind kind, List<String> matrices) {
        InputRows rows = kind.inputRows();
        List<String> shown = kind.inputTokens() != null
                ? matrices
                : matrices.stream()
                        .filter(parameter -> rows != null && rows.shows(parameter))
                        .toList();
        return shown.equals(matrices) ? "yes" : codes(shown);
    }

    private static Map<LayerKind, List<String>> types() {
        Map<LayerKind, List<String>> types = new HashMap<>();
        LayerSamples.byType().forEach((type, layer) -> {
            LayerKind kind = LayerKinds.of(layer);
            if (kind != null) {
                types.computeIfAbsent(kind, none -> new ArrayList<>()).add(type);
            }
        });
        return types;
    }

    /** Those of the sample: a kind may know of more than one layer has. */
    private static List<String> matrices(String type) {
        Trainable sample = LayerSamples.byType().get(type);
        return LayerKinds.matrices(sample, sample.paramTable(false).keySet()).stream()
                .map(Matrix::parameter)
                .toList();
    }

    private String summary(LayerKind kind) {
        return sources.of(kind.getClass()).summary(kind.getClass().getSimpleName());
    }

    private static String codes(List<String> names) {
        return names.stream().map(MarkdownText::code).collect(Collectors.joining(", "));
    }
}
