package org.lowrank4j.adapter;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.shade.jackson.core.JsonParser;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.databind.DeserializationFeature;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.SerializationFeature;
import org.nd4j.shade.jackson.databind.node.ArrayNode;
import org.nd4j.shade.jackson.databind.node.ObjectNode;

/**
 * PEFT's {@code adapter_config.json}.
 *
 * <p>Absent keys mean what PEFT takes for them: r and lora_alpha are 8. Keys whose effect is in the tensors, or only on
 * training, are passed over; keys that change what the tensors mean, and cannot be represented, are refused.
 */
final class PeftConfig {

    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(SerializationFeature.INDENT_OUTPUT);

    private static final String OURS = "lowrank4j";
    private static final String BASE_NAME = "base_model_name_or_path";
    private static final String FORMAT_VERSION = "1";

    /** r and lora_alpha where the file does not say. */
    private static final int PEFT_DEFAULT = 8;

    /** Settings that make something else of the tensors than W0 + s A B. */
    private static final List<String> NOT_REPRESENTABLE = List.of(
            "lora_bias",
            "target_parameters",
            "trainable_token_indices",
            "layer_replication",
            "alora_invocation_tokens",
            "arrow_config",
            "use_qalora",
            "use_bdlora",
            "megatron_config");

    /** Starts that PEFT takes out of the base, so that the saved factors belong to another base than the user's. */
    private static final Set<String> MOVES_BASE = Set.of("olora", "corda", "lora_ga", "loftq", "kasa");

    private final JsonNode root;
    private final String source;

    private PeftConfig(JsonNode root, String source) {
        this.root = root;
        this.source = source;
    }

    /**
     * Reads a configuration.
     *
     * @param source named in messages
     * @throws LowRankException if it is not valid JSON, no LoRA, or has a setting that cannot be represented
     */
    static PeftConfig read(String text, String source) {
        PeftConfig config = new PeftConfig(tree(text, source), source);
        config.check();
        return config;
    }

    private static JsonNode tree(String text, String source) {
        try {
            JsonNode root = JSON.readTree(text);
            if (root == null || !root.isObject()) {
                throw new LowRankException(source + " is not a JSON object.");
            }
            return root;
        } catch (JsonProcessingException notJson) {
            throw new LowRankException(source + " is not valid JSON: " + notJson.getOriginalMessage() + ".", notJson);
        } catch (StackOverflowError tooDeep) {
            throw new LowRankException(source + " is nested too deeply.", tooDeep);
        } catch (IOException unreadable) {
            throw new LowRankException(source + " cannot be read: " + unreadable.getMessage() + ".", unreadable);
        }
    }

    private void check() {
        JsonNode type = root.path("peft_type");
        if (!type.asText().equals("LORA")) {
            throw refused("its peft_type is " + (type.isMissingNode() ? "missing" : type)
                    + ", and only \"LORA\" can be represented");
        }
        for (String key : NOT_REPRESENTABLE) {
            if (isOn(root.path(key))) {
                throw refused("it sets " + key + " to " + root.path(key) + ", which cannot be represented");
            }
        }
        String start = root.path("init_lora_weights").asText();
        if (start.startsWith("pissa") || MOVES_BASE.contains(start)) {
            throw refused(
                    "its init_lora_weights is \"" + start + "\", so its factors belong to a base that PEFT changed"
                            + " at the start. Let PEFT convert it when it saves it"
                            + " (path_initial_model_for_weight_conversion), which gives a plain adapter of twice the rank");
        }
        if (!List.of("", "none", "all", "lora_only").contains(root.path("bias").asText())) {
            throw refused("its bias is " + root.path("bias") + ", and only none, all and lora_only are known");
        }
        JsonNode ours = root.path(OURS);
        if (!ours.isMissingNode() && !ours.path("format").asText().equals(FORMAT_VERSION)) {
            throw refused("the format of its key " + OURS + " is " + ours.path("format") + ", and this version reads "
                    + FORMAT_VERSION);
        }
    }

    private static boolean isOn(JsonNode value) {
        return !(value.isMissingNode()
                || value.isNull()
                || value.isBoolean() && !value.booleanValue()
                || value.isContainerNode() && value.isEmpty());
    }

    private LowRankException refused(String why) {
        return new LowRankException(source + " is refused: " + why + ".");
    }

    boolean dora() {
        return flag("use_dora");
    }

    Scaling scaling() {
        return flag("use_rslora") ? Scaling.RSLORA : Scaling.STANDARD;
    }

    private boolean flag(String key) {
        JsonNode value = root.path(key);
        if (!value.isMissingNode() && !value.isNull() && !value.isBoolean()) {
            throw refused("its " + key + " is " + value + ", and it must be true or false");
        }
        return value.booleanValue();
    }

    /** The rank of a module. */
    int rank(String module) {
        double rank = number(module, "rank_pattern", "r");
        if (rank < 1 || rank != Math.rint(rank) || rank > Integer.MAX_VALUE) {
            throw refused("the rank of " + module + " is " + rank + ", and it must be a whole number from 1 on");
        }
        return (int) rank;
    }

    /** The alpha of a module. */
    double alpha(String module) {
        return number(module, "alpha_pattern", "lora_alpha");
    }

    private double number(String module, String patterns, String key) {
        JsonNode overrides = root.path(patterns);
        if (isOn(overrides) && !overrides.isObject()) {
            throw refused("its " + patterns + " is " + overrides + ", and it must map patterns to numbers");
        }
        JsonNode value = root.path(key);
        String name = key;
        for (var fields = overrides.fields(); fields.hasNext(); ) {
            var field = fields.next();
            if (matches(field.getKey(), module)) {
                value = field.getValue();
                name = patterns + " '" + field.getKey() + "'";
                break;
            }
        }
        if (value.isMissingNode() || value.isNull()) {
            return PEFT_DEFAULT;
        }
        if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
            throw refused("its " + name + " is " + value + ", and it must be a number");
        }
        return value.doubleValue();
    }

    /** As PEFT matches: the pattern stands for the whole path, or for its end after a dot. The first match counts. */
    private boolean matches(String pattern, String module) {
        if (pattern.length() > 1000) {
            throw refused("a pattern in it has " + pattern.length() + " characters, and at most 1000 are read");
        }
        try {
            Matcher matcher = Pattern.compile("(?:.*\\.)?(?:" + pattern + ")").matcher(new Budget(module));
            return matcher.matches();
        } catch (PatternSyntaxException | StackOverflowError notAPattern) {
            throw new LowRankException(
                    source + " is refused: '" + pattern + "' in it is not a regular expression that can be read here.",
                    notAPattern);
        } catch (Budget.Spent hostile) {
            throw new LowRankException(
                    source + " is refused: the pattern '" + pattern + "' in it takes too long to match.", hostile);
        }
    }

    /** Names under which PEFT saved layers as a whole. */
    List<String> modulesToSave() {
        JsonNode list = root.path("modules_to_save");
        List<String> names = new ArrayList<>();
        if (isOn(list) && !list.isArray()) {
            throw refused("its modules_to_save is " + list + ", and it must be a list of names");
        }
        list.forEach(name -> names.add(name.asText()));
        return names;
    }

    /** The hash of the tensors that the configuration was written for; null if it was not written here. */
    @Nullable String tensorsHash() {
        JsonNode hash = root.path(OURS).path("tensors_sha256");
        return hash.isTextual() ? hash.textValue() : null;
    }

    /** Layers in the order that they were written in; empty if the configuration was not written here. */
    List<String> order() {
        List<String> order = new ArrayList<>();
        root.path(OURS).path("layers").forEach(name -> order.add(name.asText()));
        return order;
    }

    /** The base, as far as it is known. */
    @Nullable BaseFingerprint base() {
        JsonNode base = root.path(OURS).path("base");
        if (!base.isObject()) {
            return null;
        }
        Map<String, BaseFingerprint.Weight> weights = new LinkedHashMap<>();
        base.fields().forEachRemaining(field -> {
            JsonNode weight = field.getValue();
            String type = weight.path("type").asText();
            if (!type.equals("FLOAT") && !type.equals("DOUBLE")) {
                throw refused("the base of layer " + field.getKey() + " has the type " + weight.path("type")
                        + ", and it must be FLOAT or DOUBLE");
            }
            weights.put(
                    field.getKey(),
                    new BaseFingerprint.Weight(
                            weight.path("inputs").asLong(),
                            weight.path("outputs").asLong(),
                            DataType.valueOf(type),
                            weight.path("sha256").asText()));
        });
        return new BaseFingerprint(weights);
    }

    /** Our metadata, and the name of the base model where PEFT knows one. */
    Map<String, String> metadata() {
        Map<String, String> metadata = new TreeMap<>();
        root.path(OURS)
                .path("metadata")
                .fields()
                .forEachRemaining(
                        field -> metadata.put(field.getKey(), field.getValue().asText()));
        JsonNode base = root.path(BASE_NAME);
        if (base.isTextual() && !base.asText().isEmpty()) {
            metadata.put(BASE_NAME, base.asText());
        }
        return metadata;
    }

    /** The text for an adapter; the hash of its tensors if they are already written. */
    static String write(Adapter adapter, @Nullable String tensorsHash) {
        ObjectNode root = JSON.createObjectNode();
        Collection<LayerAdapter> layers = adapter.layers().values();
        boolean rslora = !layers.isEmpty() && layers.stream().allMatch(layer -> layer.scaling() == Scaling.RSLORA);
        ToDoubleFunction<LayerAdapter> alpha = rslora ? LayerAdapter::alpha : LayerAdapter::alphaOverRank;
        double rank = mostCommon(layers, LayerAdapter::rank);
        double commonAlpha = mostCommon(layers, alpha);
        root.put("peft_type", "LORA");
        root.putNull("task_type");
        root.put(BASE_NAME, adapter.metadata().get(BASE_NAME));
        root.put("r", (int) rank);
        put(root, "lora_alpha", commonAlpha);
        root.put("use_rslora", rslora);
        root.put("use_dora", dora(adapter));
        root.put("lora_dropout", 0.0);
        ArrayNode targets = root.putArray("target_modules");
        adapter.layers().keySet().forEach(targets::add);
        root.putNull("exclude_modules");
        patterns(root.putObject("rank_pattern"), adapter, LayerAdapter::rank, rank);
        patterns(root.putObject("alpha_pattern"), adapter, alpha, commonAlpha);
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
        ours(root.putObject(OURS), adapter, tensorsHash);
        try {
            return JSON.writeValueAsString(root) + "\n";
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException("a tree can always be written", impossible);
        }
    }

    private static void ours(ObjectNode ours, Adapter adapter, @Nullable String tensorsHash) {
        ours.put("format", FORMAT_VERSION);
        if (tensorsHash != null) {
            ours.put("tensors_sha256", tensorsHash);
        }
        ArrayNode order = ours.putArray("layers");
        adapter.layers().keySet().forEach(order::add);
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
                .orElse((double) PEFT_DEFAULT);
    }

    /** The longest names first, because a pattern also stands for the end of a longer name, and the first match counts. */
    private static void patterns(
            ObjectNode patterns, Adapter adapter, ToDoubleFunction<LayerAdapter> value, double common) {
        Set<Double> values =
                adapter.layers().values().stream().map(value::applyAsDouble).collect(Collectors.toSet());
        if (values.stream().allMatch(one -> one == common)) {
            return;
        }
        List<String> names = new ArrayList<>(adapter.layers().keySet());
        names.sort(Comparator.comparingInt(String::length).reversed().thenComparing(Comparator.naturalOrder()));
        names.forEach(name ->
                put(patterns, name.replaceAll("[^A-Za-z0-9_]", "\\\\$0"), value.applyAsDouble(adapter.layer(name))));
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
