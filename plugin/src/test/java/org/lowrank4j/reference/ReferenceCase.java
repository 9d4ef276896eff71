package org.lowrank4j.reference;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/** One case file: what goes in, what must come out, and how to compare. */
public final class ReferenceCase {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final JsonNode root;
    private final Map<String, Object> hyperparameters;
    private final Map<String, Object> inputs;
    private final Map<String, Object> expected;

    private ReferenceCase(JsonNode root) {
        this.root = root;
        hyperparameters = values(root.path("hyperparameters"));
        inputs = values(root.path("inputs"));
        expected = values(root.path("expected"));
    }

    /** Reads a case. */
    public static ReferenceCase read(Path file) throws IOException {
        return new ReferenceCase(JSON.readTree(file.toFile()));
    }

    public String method() {
        return root.path("method").asText();
    }

    public String name() {
        return root.path("case").asText();
    }

    /** An input array in the given type. */
    public INDArray input(String name, DataType type) {
        return array(name).toNd4j().castTo(type);
    }

    /** An input array, or a list among the hyper-parameters, of whole numbers. */
    public int[] wholeNumbers(String name) {
        return array(name).toNd4j().castTo(DataType.INT).data().asInt();
    }

    private Values array(String name) {
        if (inputs.getOrDefault(name, hyperparameters.get(name)) instanceof Values values) {
            return values;
        }
        throw new IllegalArgumentException(method() + "/" + name() + " has no input array " + name);
    }

    public boolean hasInput(String name) {
        return inputs.containsKey(name);
    }

    public boolean expects(String name) {
        return expected.containsKey(name);
    }

    public boolean hasNumber(String name) {
        return hyperparameters.get(name) instanceof Values;
    }

    /** A hyper-parameter that is a number. */
    public double number(String name) {
        if (hyperparameters.get(name) instanceof Values values) {
            return values.scalar();
        }
        throw new IllegalArgumentException(method() + "/" + name() + " has no number " + name);
    }

    /** A hyper-parameter that is a whole number. */
    public int whole(String name) {
        double number = number(name);
        if (number != Math.rint(number)) {
            throw new IllegalArgumentException(name + " is " + number);
        }
        return (int) number;
    }

    public boolean hasText(String name) {
        return hyperparameters.get(name) instanceof String;
    }

    /** A hyper-parameter that is text. */
    public String text(String name) {
        if (hyperparameters.get(name) instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException(method() + "/" + name() + " has no text " + name);
    }

    /** How many numbers are expected of an entry, 0 if it is not expected. */
    public int lengthOf(String entry) {
        return expected.get(entry) instanceof Values values ? values.data().length : 0;
    }

    /** Whole numbers that are expected. */
    public int[] expectedWholeNumbers(String entry) {
        if (expected.get(entry) instanceof Values values) {
            return values.toNd4j().castTo(DataType.INT).data().asInt();
        }
        throw new IllegalArgumentException(method() + "/" + name() + " expects no numbers " + entry);
    }

    /** The shape that is expected of an entry. */
    public long[] shapeOf(String entry) {
        if (expected.get(entry) instanceof Values values) {
            return Arrays.stream(values.shape()).asLongStream().toArray();
        }
        throw new IllegalArgumentException(method() + "/" + name() + " expects no array " + entry);
    }

    /** A factor with the signs of its columns, or of its rows, as in the file. */
    public INDArray withSignsOfFile(String entry, INDArray factor, boolean perRow) {
        return Comparison.withSignsOf((Values) expected.get(entry), Values.of(factor), perRow)
                .toNd4j()
                .castTo(factor.dataType());
    }

    public boolean hasTexts(String name) {
        return hyperparameters.get(name) instanceof List;
    }

    /** A hyper-parameter that is a list of texts. */
    public List<String> texts(String name) {
        if (hyperparameters.get(name) instanceof List<?> texts) {
            return texts.stream().map(String.class::cast).toList();
        }
        throw new IllegalArgumentException(method() + "/" + name() + " has no texts " + name);
    }

    /** Expected entries: {@link Values}, text, or a list of text. */
    Map<String, Object> expected() {
        return expected;
    }

    /**
     * Expected entries with those of an alternative in their place.
     *
     * @param label of the alternative, empty for none
     */
    Map<String, Object> expected(String label) {
        if (label.isEmpty()) {
            return expected;
        }
        for (JsonNode alternative : root.path("alternatives")) {
            if (alternative.path("label").asText().equals(label)) {
                Map<String, Object> replaced = new LinkedHashMap<>(expected);
                replaced.putAll(values(alternative.path("expected")));
                return replaced;
            }
        }
        throw new IllegalArgumentException(method() + "/" + name() + " has no alternative \"" + label + "\"");
    }

    /** All numbers by name, for invariants. */
    Map<String, Values> known() {
        Map<String, Values> known = new LinkedHashMap<>();
        for (Map<String, Object> group : List.of(hyperparameters, inputs, expected)) {
            group.forEach((name, value) -> {
                if (value instanceof Values values) {
                    known.put(name, values);
                }
            });
        }
        return known;
    }

    List<String> invariants() {
        return StreamSupport.stream(root.path("invariants").spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }

    /** The rule for comparing one expected entry. */
    String rule(String entry) {
        return root.path("tolerance").path("fields").path(entry).asText("elementwise");
    }

    /** The allowed relative error for weights of this type. */
    double relative(DataType type) {
        return required(type == DataType.DOUBLE ? "relative_float64" : "relative");
    }

    /** The scale of errors where an expected entry is all zeros. */
    double zeroScale() {
        return required("zero_scale");
    }

    private double required(String field) {
        JsonNode node = root.path("tolerance").path(field);
        if (!node.isNumber()) {
            throw new IllegalArgumentException(method() + "/" + name() + " has no tolerance." + field);
        }
        return node.doubleValue();
    }

    private static Map<String, Object> values(JsonNode group) {
        Map<String, Object> values = new LinkedHashMap<>();
        group.fields().forEachRemaining(field -> {
            Object value = value(field.getValue());
            if (value != null) {
                values.put(field.getKey(), value);
            }
        });
        return values;
    }

    private static Object value(JsonNode node) {
        if (node.isNumber()) {
            return Values.scalar(node.doubleValue());
        }
        if (node.isTextual()) {
            return node.textValue();
        }
        if (node.isArray()) {
            return StreamSupport.stream(node.spliterator(), false)
                    .map(JsonNode::asText)
                    .toList();
        }
        if (node.isObject()) {
            return new Values(
                    numbers(node.path("shape")).mapToInt(Double::intValue).toArray(),
                    numbers(node.path("data")).mapToDouble(Double::doubleValue).toArray());
        }
        // true, false and null are settings that an adapter reads from the notes.
        return null;
    }

    private static Stream<Double> numbers(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false).map(JsonNode::doubleValue);
    }
}
