package org.lowrank4j.adapter;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.BoundedJson;
import org.lowrank4j.method.Excerpt;
import org.lowrank4j.network.NetworkShape.MatrixShape;
import org.lowrank4j.rule.BoundedPattern;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.shade.jackson.databind.JsonNode;

/**
 * PEFT's {@code adapter_config.json}, as it is read.
 *
 * <p>Absent keys mean what PEFT takes for them: r and lora_alpha are 8. Keys that only concern training are passed over;
 * keys that change what the tensors mean are obeyed, or refused where they cannot be represented. What the file says of
 * the tensors that must be there is for {@link PeftScope}.
 */
final class PeftConfig {

    static final String OURS = "lowrank4j";

    /** The peft_type of PEFT's own. */
    static final String LORA = "LORA";

    /** Of a directory whose tensors are packed: PEFT does not know it, where it would take factors that it misses for 0. */
    static final String PACKED = "LORA_PACKED";

    static final String BASE_NAME = "base_model_name_or_path";
    static final String FORMAT_VERSION = "1";
    static final String TENSORS_HASH = "tensors_sha256";

    /** DL4J's names of the parameters that modules are for, where that is not W. */
    static final String PARAMETERS = "parameters";

    /** r and lora_alpha where the file does not say. */
    static final int PEFT_DEFAULT = 8;

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
            "megatron_config",
            "monteclora_config",
            "kasa_config",
            "ensure_weight_tying");

    /**
     * Beginnings of the names of starts that PEFT takes out of the base, so that the saved factors belong to another base
     * than the user's. PEFT's conversion to a plain adapter goes by these beginnings, in any case of letters.
     */
    private static final List<String> MOVES_BASE = List.of("pissa", "corda", "olora", "lora_ga", "loftq", "kasa");

    /** Starts whose product is 0, or added to an unchanged base. */
    private static final Set<String> KEEPS_BASE = Set.of("gaussian", "eva", "orthogonal", "mica");

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
        PeftConfig config = new PeftConfig(BoundedJson.object(text, source), source);
        config.check();
        return config;
    }

    private void check() {
        JsonNode type = root.path("peft_type");
        if (!type.isTextual() || !type.asText().equals(LORA) && !type.asText().equals(PACKED)) {
            throw refused("its peft_type is " + (type.isMissingNode() ? "missing" : Excerpt.of(type))
                    + ", and only \"LORA\" can be represented");
        }
        for (String key : NOT_REPRESENTABLE) {
            if (isOn(root.path(key))) {
                throw refused("it sets " + key + " to " + Excerpt.of(root.path(key)) + ", which cannot be represented");
            }
        }
        checkStart(root.path("init_lora_weights"));
        flag("fan_in_fan_out");
        JsonNode ours = root.path(OURS);
        if (!ours.isMissingNode() && !ours.path("format").asText().equals(FORMAT_VERSION)) {
            throw refused("the format of its key " + OURS + " is " + Excerpt.of(ours.path("format"))
                    + ", and this version reads " + FORMAT_VERSION);
        }
    }

    private void checkStart(JsonNode value) {
        if (value.isMissingNode() || value.isNull() || value.isBoolean()) {
            return;
        }
        String start = value.asText().toLowerCase(Locale.ROOT);
        if (value.isTextual() && MOVES_BASE.stream().anyMatch(start::startsWith)) {
            throw refused("its init_lora_weights is " + Excerpt.of(value)
                    + ", so its factors belong to a base that PEFT changed"
                    + " at the start. Let PEFT convert it when it saves it"
                    + " (path_initial_model_for_weight_conversion), which gives a plain adapter of twice the rank");
        }
        if (!value.isTextual() || !KEEPS_BASE.contains(start)) {
            throw refused(
                    "its init_lora_weights is " + Excerpt.of(value) + ", and whether such a start changes the base"
                            + " is not known; known are true, false, " + String.join(", ", new TreeSet<>(KEEPS_BASE)));
        }
    }

    private static boolean isOn(JsonNode value) {
        return !(value.isMissingNode()
                || value.isNull()
                || value.isBoolean() && !value.booleanValue()
                || value.isContainerNode() && value.isEmpty());
    }

    LowRankException refused(String why) {
        return new LowRankException(source + " is refused: " + why + ".");
    }

    /** Whether this library wrote it: then every name in it is of something that is there. */
    boolean writtenHere() {
        return root.path(OURS).isObject();
    }

    boolean dora() {
        return flag("use_dora");
    }

    Scaling scaling() {
        return flag("use_rslora") ? Scaling.RSLORA : Scaling.STANDARD;
    }

    boolean flag(String key) {
        JsonNode value = root.path(key);
        if (!value.isMissingNode() && !value.isNull() && !value.isBoolean()) {
            throw refused("its " + key + " is " + Excerpt.of(value) + ", and it must be true or false");
        }
        return value.booleanValue();
    }

    /** One of some words; the first where the file does not say. */
    String word(String key, List<String> allowed) {
        JsonNode value = root.path(key);
        if (value.isMissingNode()) {
            return allowed.get(0);
        }
        if (!value.isTextual() || !allowed.contains(value.textValue())) {
            throw refused("its " + key + " is " + Excerpt.of(value) + ", and only " + String.join(", ", allowed)
                    + " are known");
        }
        return value.textValue();
    }

    /** The rank of a module. */
    int rank(String module) {
        double rank = number(module, "rank_pattern", "r");
        if (rank < 1 || rank != Math.rint(rank) || rank > Integer.MAX_VALUE) {
            throw refused(
                    "the rank of " + Excerpt.of(module) + " is " + rank + ", and it must be a whole number from 1 on");
        }
        return (int) rank;
    }

    /** The alpha of a module. */
    double alpha(String module) {
        return number(module, "alpha_pattern", "lora_alpha");
    }

    private double number(String module, String patterns, String key) {
        JsonNode value = root.path(key);
        String name = key;
        for (String pattern : patterns(patterns)) {
            if (isSuffix(pattern, module)) {
                value = root.path(patterns).path(pattern);
                name = patterns + " '" + Excerpt.of(pattern) + "'";
                break;
            }
        }
        if (value.isMissingNode() || value.isNull()) {
            return PEFT_DEFAULT;
        }
        if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
            throw refused("its " + name + " is " + Excerpt.of(value) + ", and it must be a number");
        }
        return value.doubleValue();
    }

    /** The patterns that rank_pattern or alpha_pattern has numbers for. */
    List<String> patterns(String key) {
        JsonNode overrides = root.path(key);
        if (isOn(overrides) && !overrides.isObject()) {
            throw refused("its " + key + " is " + Excerpt.of(overrides) + ", and it must map patterns to numbers");
        }
        List<String> patterns = new ArrayList<>();
        overrides.fieldNames().forEachRemaining(patterns::add);
        return patterns;
    }

    /** As PEFT matches: the pattern stands for the whole path, or for its end after a dot. The first match counts. */
    boolean isSuffix(String pattern, String module) {
        return matches("(?:.*\\.)?", pattern, "", module);
    }

    /** Whether an expression between two others stands for the whole path. */
    boolean matches(String before, String pattern, String after, String module) {
        try {
            return BoundedPattern.compile(before, pattern, after).matches(module);
        } catch (IllegalArgumentException noPattern) {
            throw new LowRankException(source + " is refused: " + noPattern.getMessage() + ".", noPattern);
        }
    }

    /** A list of names or one name, as PEFT takes both; empty for an absent key. */
    List<String> names(String key) {
        JsonNode value = root.path(key);
        return value.isTextual() ? List.of(value.textValue()) : list(root, key);
    }

    /** Whether the key has one text in the place of a list. */
    boolean isText(String key) {
        return root.path(key).isTextual();
    }

    boolean isGiven(String key) {
        return isOn(root.path(key));
    }

    /** Whole numbers, one or a list of them. */
    Set<Integer> indices(String key) {
        JsonNode value = root.path(key);
        Set<Integer> indices = new TreeSet<>();
        for (JsonNode one : value.isArray() ? value : List.of(value)) {
            if (!one.canConvertToInt() || !one.isIntegralNumber()) {
                throw refused("its " + key + " is " + Excerpt.of(value) + ", and it must be a list of whole numbers");
            }
            indices.add(one.intValue());
        }
        return indices;
    }

    /** Names under which PEFT saved layers as a whole. */
    List<String> modulesToSave() {
        return list(root, "modules_to_save");
    }

    private List<String> list(JsonNode node, String key) {
        JsonNode list = node.path(key);
        List<String> names = new ArrayList<>();
        if (isOn(list) && !list.isArray()) {
            throw refused("its " + key + " is " + Excerpt.of(list) + ", and it must be a list of names");
        }
        for (JsonNode name : list) {
            if (!name.isTextual()) {
                throw refused("its " + key + " has the entry " + Excerpt.of(name) + ", which is no name");
            }
            names.add(name.textValue());
        }
        return names;
    }

    /** The hash of the file of tensors that the configuration was written for; null if it was not written here. */
    @Nullable String tensorsHash() {
        JsonNode hash = root.path(OURS).path(TENSORS_HASH);
        return hash.isTextual() ? hash.textValue() : null;
    }

    /** Layers in the order that they were written in; empty if the configuration was not written here. */
    List<String> order() {
        return list(root.path(OURS), "layers");
    }

    /** Modules that are for another parameter than W; empty if the configuration was not written here. */
    Set<String> otherParameters() {
        Set<String> modules = new TreeSet<>();
        root.path(OURS).path(PARAMETERS).fieldNames().forEachRemaining(modules::add);
        return modules;
    }

    /** DL4J's name of the parameter that a module is for. */
    String parameter(String module) {
        JsonNode parameter = root.path(OURS).path(PARAMETERS).path(module);
        if (parameter.isMissingNode()) {
            return MatrixShape.WEIGHT;
        }
        String end = "." + parameter.asText();
        if (!parameter.isTextual() || end.length() == 1 || end.length() >= module.length() || !module.endsWith(end)) {
            throw refused("the parameter of module " + Excerpt.of(module) + " in it is " + Excerpt.of(parameter)
                    + ", and the module's name must end in a dot and that");
        }
        return parameter.asText();
    }

    /** The layer that a module is for. */
    String layer(String module) {
        return otherParameters().contains(module)
                ? module.substring(0, module.length() - parameter(module).length() - 1)
                : module;
    }

    /** Top-level keys whose values another configuration does not have, each as "key (there -> here)". */
    List<String> changesSince(PeftConfig written) {
        Set<String> keys = new TreeSet<>();
        root.fieldNames().forEachRemaining(keys::add);
        written.root.fieldNames().forEachRemaining(keys::add);
        List<String> changes = new ArrayList<>();
        for (String key : keys) {
            JsonNode here = root.path(key);
            JsonNode there = written.root.path(key);
            if (!key.equals(OURS) && !here.equals(there)) {
                changes.add(Excerpt.of(key) + " (" + Excerpt.of(there) + " -> " + Excerpt.of(here) + ")");
            }
        }
        if (!ourContent().equals(written.ourContent())) {
            changes.add(OURS);
        }
        return changes;
    }

    private Map<String, JsonNode> ourContent() {
        Map<String, JsonNode> content = new TreeMap<>();
        root.path(OURS).fields().forEachRemaining(field -> content.put(field.getKey(), field.getValue()));
        content.remove(TENSORS_HASH);
        return content;
    }

    /** The base, as far as it is known. */
    @Nullable BaseFingerprint base() {
        JsonNode base = root.path(OURS).path("base");
        if (base.isMissingNode()) {
            return null;
        }
        if (!base.isObject()) {
            throw refused("the base in it is " + Excerpt.of(base) + ", and it must describe layers");
        }
        Map<String, BaseFingerprint.Weight> weights = new LinkedHashMap<>();
        base.fields().forEachRemaining(field -> weights.put(field.getKey(), weight(field.getKey(), field.getValue())));
        return new BaseFingerprint(weights);
    }

    private BaseFingerprint.Weight weight(String layer, JsonNode weight) {
        String type = weight.path("type").asText();
        if (!type.equals("FLOAT") && !type.equals("DOUBLE")) {
            throw refused("the base of layer " + Excerpt.of(layer) + " has the type " + Excerpt.of(weight.path("type"))
                    + ", and it must be FLOAT or DOUBLE");
        }
        JsonNode inputs = weight.path("inputs");
        JsonNode outputs = weight.path("outputs");
        JsonNode hash = weight.path("sha256");
        if (!inputs.isIntegralNumber()
                || !outputs.isIntegralNumber()
                || !inputs.canConvertToLong()
                || !outputs.canConvertToLong()
                || !hash.isTextual()) {
            throw refused("the base of layer " + Excerpt.of(layer) + " is " + Excerpt.of(weight)
                    + ", and it must have inputs, outputs and a sha256");
        }
        return new BaseFingerprint.Weight(
                inputs.longValue(), outputs.longValue(), DataType.valueOf(type), hash.textValue());
    }

    /** Our metadata, and the name of the base model where PEFT knows one. */
    Map<String, String> metadata() {
        Map<String, String> metadata = new TreeMap<>();
        root.path(OURS).path("metadata").fields().forEachRemaining(field -> {
            if (!field.getValue().isTextual()) {
                throw refused("its metadata " + Excerpt.of(field.getKey()) + " is " + Excerpt.of(field.getValue())
                        + ", and it must be text");
            }
            metadata.put(field.getKey(), field.getValue().textValue());
        });
        JsonNode base = root.path(BASE_NAME);
        if (base.isTextual() && !base.asText().isEmpty()) {
            metadata.put(BASE_NAME, base.asText());
        }
        return metadata;
    }
}
