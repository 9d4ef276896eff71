package org.lowrank4j.command.work;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.lowrank4j.LowRankException;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.AdapterSet;
import org.lowrank4j.adapter.BaseFingerprint;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.method.Excerpt;
import org.lowrank4j.network.NetworkWeights;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Whether an adapter belongs to a base.
 *
 * @param fits whether it can be used there
 * @param sentences what to tell
 */
record BaseCheck(boolean fits, List<String> sentences) {

    static BaseCheck of(Adapter adapter, ModelFile base) {
        List<String> sentences = new ArrayList<>();
        BaseFingerprint known = adapter.base();
        Set<String> named = known == null ? Set.of() : known.weights().keySet();
        if (known != null) {
            sentences.addAll(known.differences(base.network()));
        }
        if (sentences.isEmpty()) {
            try {
                AdapterSet.on(base.network())
                        .addOnAnyBase("checked", named.isEmpty() ? adapter : withoutNewLayers(adapter, base));
            } catch (LowRankException unfit) {
                sentences.add(String.valueOf(unfit.getMessage()));
            }
        }
        boolean fits = sentences.isEmpty();
        if (!fits) {
            sentences.add(0, "does not belong to " + base.file() + ":");
        } else if (named.isEmpty()) {
            sentences.add("fits " + base.file() + " in its shapes; it does not say which base it was made on");
        } else {
            sentences.add("belongs to " + base.file() + ": "
                    + (named.size() == 1 ? "its hash agrees" : "all " + named.size() + " hashes agree"));
            unnamed(adapter).ifPresent(sentences::add);
            sentences.addAll(newLayers(adapter, base));
        }
        return new BaseCheck(fits, List.copyOf(sentences));
    }

    private static Adapter withoutNewLayers(Adapter adapter, ModelFile base) {
        Map<String, Map<String, INDArray>> kept = new LinkedHashMap<>(adapter.parameters());
        kept.keySet().removeAll(adapter.newLayers(base.network()));
        return adapter.withParameters(kept);
    }

    /** What to say of layers that a training gave to the base, such as a new output layer. */
    static List<String> newLayers(Adapter adapter, ModelFile base) {
        Map<String, NetworkWeights.LayerWeights> parts =
                NetworkWeights.of(base.network()).layers();
        return adapter.newLayers(base.network()).stream()
                .map(layer -> "layer " + Excerpt.of(layer) + " is new ("
                        + shapes(adapter.parameters().getOrDefault(layer, Map.of())) + "; in the base "
                        + (parts.containsKey(layer) ? shapes(parts.get(layer).parameters()) : "there is none")
                        + "): it is in the adapter as a whole, which goes onto the base once that has such a layer")
                .toList();
    }

    private static String shapes(Map<String, INDArray> arrays) {
        return arrays.entrySet().stream()
                .map(entry -> entry.getKey() + " " + Numbers.shape(entry.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** What to say of an adapter that does not name the base of every layer that it changes; empty if it does. */
    static Optional<String> unnamed(Adapter adapter) {
        BaseFingerprint base = adapter.base();
        Set<String> unnamed = new TreeSet<>(adapter.layers().keySet());
        if (base != null) {
            unnamed.removeAll(base.weights().keySet());
        }
        if (base == null || base.weights().isEmpty()) {
            return Optional.of(
                    "the adapter does not name the base that it was made on, so only its shapes were compared");
        }
        return unnamed.isEmpty()
                ? Optional.empty()
                : Optional.of("the adapter does not name its base for " + Excerpt.of(unnamed)
                        + ", so only the shapes were compared there");
    }

    void addTo(List<String> lines, Map<String, Object> values) {
        lines.addAll(sentences);
        values.put("belongsToBase", fits);
        values.put("baseCheck", sentences);
    }
}
