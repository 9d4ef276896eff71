package org.lowrank4j.file;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.nd4j.shade.jackson.core.JsonParser;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.databind.DeserializationFeature;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.node.ArrayNode;
import org.nd4j.shade.jackson.databind.node.ObjectNode;

/**
 * The JSON header of safetensors data.
 *
 * @param entries in the order of their data
 * @param metadata the text entries
 */
record SafetensorsHeader(List<Entry> entries, Map<String, String> metadata) {

    /** The key of the header that holds text instead of a tensor. */
    static final String METADATA = "__metadata__";

    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** A tensor's place: bytes from begin to end (exclusive), counted from the end of the header. */
    record Entry(String name, SafetensorsType type, long[] shape, long begin, long end) {}

    /**
     * @param json the header's bytes
     * @param dataLength number of bytes that follow the header; the entries must fill them exactly
     * @throws LowRankException if anything is not as the format demands
     */
    static SafetensorsHeader parse(byte[] json, long dataLength) {
        JsonNode root = tree(json);
        if (!root.isObject()) {
            throw Safetensors.refused("its header is not a JSON object", null);
        }
        List<Entry> entries = new ArrayList<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        for (Iterator<Map.Entry<String, JsonNode>> fields = root.fields(); fields.hasNext(); ) {
            Map.Entry<String, JsonNode> field = fields.next();
            if (field.getKey().equals(METADATA)) {
                readMetadata(field.getValue(), metadata);
            } else {
                entries.add(entry(field.getKey(), field.getValue()));
            }
        }
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        checkThatDataIsFilled(entries, dataLength);
        return new SafetensorsHeader(entries, metadata);
    }

    private static void checkThatDataIsFilled(List<Entry> entries, long dataLength) {
        long end = 0;
        for (Entry entry : entries) {
            if (entry.begin() != end) {
                throw refused(
                        entry.name(),
                        "its data begins at byte " + entry.begin() + " and must begin at " + end
                                + ": tensors neither overlap nor leave holes",
                        null);
            }
            end = entry.end();
            if (end > dataLength) {
                throw refused(
                        entry.name(),
                        "its data ends at byte " + end + " and there are only " + dataLength + ": it is cut off",
                        null);
            }
        }
        if (end != dataLength) {
            throw Safetensors.refused(
                    dataLength - end + " bytes follow the last tensor, and nothing may follow it", null);
        }
    }

    private static JsonNode tree(byte[] json) {
        try {
            return JSON.readTree(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(json))
                    .toString());
        } catch (CharacterCodingException notText) {
            throw Safetensors.refused("its header is not UTF-8 text", notText);
        } catch (JsonProcessingException notJson) {
            throw Safetensors.refused("its header is not valid JSON: " + notJson.getOriginalMessage(), notJson);
        } catch (StackOverflowError tooDeep) {
            throw Safetensors.refused("its header is nested too deeply", tooDeep);
        }
    }

    private static void readMetadata(JsonNode node, Map<String, String> metadata) {
        if (!node.isObject()) {
            throw Safetensors.refused(METADATA + " is not a JSON object", null);
        }
        node.fields().forEachRemaining(field -> {
            if (!field.getValue().isTextual()) {
                throw Safetensors.refused("the entry \"" + field.getKey() + "\" of " + METADATA + " is not text", null);
            }
            metadata.put(field.getKey(), field.getValue().textValue());
        });
    }

    private static Entry entry(String name, JsonNode node) {
        if (!node.isObject() || node.size() != 3) {
            throw refused(name, "it must have exactly dtype, shape and data_offsets", null);
        }
        SafetensorsType type = type(name, node.path("dtype").asText());
        long[] shape = wholeNumbers(name, node, "shape");
        long[] offsets = wholeNumbers(name, node, "data_offsets");
        if (offsets.length != 2 || offsets[0] > offsets[1]) {
            throw refused(name, "its data_offsets are " + Arrays.toString(offsets) + " and must be [begin, end]", null);
        }
        long bytes = type.bytes();
        try {
            for (long side : shape) {
                bytes = Math.multiplyExact(bytes, side);
            }
        } catch (ArithmeticException overflow) {
            throw refused(name, "its shape " + Arrays.toString(shape) + " is too large", overflow);
        }
        if (offsets[1] - offsets[0] != bytes) {
            throw refused(
                    name,
                    "its data_offsets span " + (offsets[1] - offsets[0]) + " bytes, and " + type + " of shape "
                            + Arrays.toString(shape) + " takes " + bytes,
                    null);
        }
        return new Entry(name, type, shape, offsets[0], offsets[1]);
    }

    private static SafetensorsType type(String name, String dtype) {
        for (SafetensorsType type : SafetensorsType.values()) {
            if (type.name().equals(dtype)) {
                return type;
            }
        }
        String readable =
                Arrays.stream(SafetensorsType.values()).map(Enum::name).sorted().collect(Collectors.joining(", "));
        throw refused(name, "its dtype is \"" + dtype + "\" and only " + readable + " can be read: convert it", null);
    }

    private static long[] wholeNumbers(String name, JsonNode node, String field) {
        JsonNode list = node.path(field);
        if (!list.isArray()) {
            throw refused(name, "its " + field + " is not a list of whole numbers", null);
        }
        long[] values = new long[list.size()];
        for (int i = 0; i < values.length; i++) {
            JsonNode value = list.get(i);
            if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
                throw refused(
                        name,
                        "its " + field + " has the entry " + value
                                + ", and only whole numbers from 0 to 2^63-1 are allowed",
                        null);
            }
            values[i] = value.longValue();
        }
        return values;
    }

    /** The header as JSON on one line. */
    String toJson() {
        ObjectNode root = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode text = root.putObject(METADATA);
            metadata.forEach(text::put);
        }
        for (Entry entry : entries) {
            ObjectNode node = root.putObject(entry.name());
            node.put("dtype", entry.type().name());
            ArrayNode shape = node.putArray("shape");
            Arrays.stream(entry.shape()).forEach(shape::add);
            node.putArray("data_offsets").add(entry.begin()).add(entry.end());
        }
        return root.toString();
    }

    private static LowRankException refused(String tensor, String why, @Nullable Throwable cause) {
        return Safetensors.refused("tensor \"" + tensor + "\": " + why, cause);
    }
}
