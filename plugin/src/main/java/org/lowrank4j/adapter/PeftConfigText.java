package org.lowrank4j.adapter;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.network.NetworkShape.MatrixShape;
import org.lowrank4j.rule.Scaling;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.SerializationFeature;
import org.nd4j.shade.jackson.databind.node.ArrayNode;
import org.nd4j.shade.jackson.databind.node.ObjectNode;

/** PEFT's {@code adapter_config.json}, as it is written. */
final class PeftConfigText {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private PeftConfigText() {}

    /** The text for an adapter, packed or for PEFT; the hash of its tensors if they are already written. */
    static String of(Adapter adapter, boolean packed, @Nullable String tensorsHash) {
        ObjectNode root = JSON.createObjectNode();
        Collection<LayerAdapter> layers = adapter.layers().values();
        boolean rslora = !layers.isEmpty() && layers.stream().allMatch(layer -> layer.scaling() == Scaling.RSLORA);
        ToDoubleFunction<LayerAdapter> alpha = rslora ? LayerAdapter::alpha : LayerAdapter::alphaOverRank;
        double rank = mostCommon(layers, LayerAdapter::rank);
        double commonAlpha = mostCommon(layers, alpha);
        root.put("peft_type", packed ? PeftConfig.PACKED : PeftConfig.LORA);
        root.putNull("task_type");
        root.put(PeftConfig.BASE_NAME, adapter.metadata().get(PeftConfig.BASE_NAME));
        root.put("r", (int) rank);
        put(root, "lora_alpha", commonAlpha);
        root.put("use_rslora", rslora);
        root.put("use_dora", dora(adapter));
        root.put("lora_dropout", 0.0);
        ArrayNode targets = root.putArray("target_modules");
        Map<String, LayerAdapter> modules = PeftTensors.modules(adapter);
        modules.keySet().forEach(targets::add);
        root.putNull("exclude_modules");
        patterns(root.putObject("rank_pattern"), modules, LayerAdapter::rank, rank);
        patterns(root.putObject("alpha_pattern"), modules, alpha, commonAlpha);
        root.put("fan_in_fan_out", false);
        root.put("bias", PeftTensors.bias(adapter));
        Set<String> whole = PeftTensors.wholeModules(adapter);
        if (whole.isEmpty()) {
            root.putNull("modules_to_save");
        } else {
            ArrayNode list = root.putArray("modules_to_save");
            whole.forEach(list::add);
        }
        root.put("init_lora_weights", true);
        root.put("inference_mode", true);
        ours(root.putObject(PeftConfig.OURS), adapter, tensorsHash);
        try {
            return JSON.writeValueAsString(root) + "\n";
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("a tree can always be written", impossible);
        }
    }

    private static void ours(ObjectNode ours, Adapter adapter, @Nullable String tensorsHash) {
        ours.put("format", PeftConfig.FORMAT_VERSION);
        if (tensorsHash != null) {
            ours.put(PeftConfig.TENSORS_HASH, tensorsHash);
        }
        ArrayNode order = ours.putArray("layers");
        Map<String, LayerAdapter> modules = PeftTensors.modules(adapter);
        modules.keySet().forEach(order::add);
        ObjectNode parameters = JSON.createObjectNode();
        modules.forEach((module, layer) -> {
            if (!layer.parameter().equals(MatrixShape.WEIGHT)) {
                parameters.put(module, layer.parameter());
            }
        });
        if (!parameters.isEmpty()) {
            ours.set(PeftConfig.PARAMETERS, parameters);
        }
        BaseFingerprint base = adapter.base();
        if (base != null) {
            ObjectNode weights = ours.putObject("base");
            base.weights()
                    .forEach((layer, weight) -> weights.putObject(layer)
                            .put("inputs", weight.inputs())
                            .put("outputs", weight.outputs())
                            .put("type", weight.type().name())
                            .put("sha256", weight.sha256()));
        }
        ObjectNode metadata = ours.putObject("metadata");
        adapter.metadata().forEach(metadata::put);
    }

    private static boolean dora(Adapter adapter) {
        Set<String> with = new TreeSet<>();
        Set<String> without = new TreeSet<>();
        adapter.layers().forEach((name, layer) -> (layer.magnitude() == null ? without : with).add(name));
        if (!with.isEmpty() && !without.isEmpty()) {
            throw new LowRankException("PEFT's layout has magnitudes (DoRA) for all layers or for none: " + with
                    + " have them, " + without + " have not. Write them as two adapters.");
        }
        return !with.isEmpty();
    }

    private static double mostCommon(Collection<LayerAdapter> layers, ToDoubleFunction<LayerAdapter> value) {
        Map<Double, Long> counts = layers.stream()
                .collect(Collectors.groupingBy(value::applyAsDouble, LinkedHashMap::new, Collectors.counting()));
        return counts.entrySet().stream()
                .max(Comparator.comparingLong(Map.Entry::getValue))
                .map(Map.Entry::getKey)
                .orElse((double) PeftConfig.PEFT_DEFAULT);
    }

    /** The longest names first, because a pattern also stands for the end of a longer name, and the first match counts. */
    private static void patterns(
            ObjectNode patterns,
            Map<String, LayerAdapter> modules,
            ToDoubleFunction<LayerAdapter> value,
            double common) {
        Set<Double> values = modules.values().stream().map(value::applyAsDouble).collect(Collectors.toSet());
        if (values.stream().allMatch(one -> one == common)) {
            return;
        }
        List<String> names = new ArrayList<>(modules.keySet());
        names.sort(Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.naturalOrder()));
        names.forEach(name -> put(
                patterns,
                name.replaceAll("[^A-Za-z0-9_]", "\\\\$0"),
                value.applyAsDouble(Objects.requireNonNull(modules.get(name)))));
    }

    /** Whole numbers without a decimal point, as PEFT writes them. */
    private static void put(ObjectNode node, String key, double value) {
        if (value == Math.rint(value) && Math.abs(value) < 1L << 31) {
            node.put(key, (long) value);
        } else {
            node.put(key, value);
        }
    }
}
