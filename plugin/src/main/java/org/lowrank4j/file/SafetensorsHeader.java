package org.lowrank4j.file;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Excerpt;
import org.nd4j.shade.jackson.core.JsonGenerator;
import org.nd4j.shade.jackson.core.JsonParser;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.core.JsonToken;

/**
 * The JSON header of safetensors data.
 *
 * @param entries in the order of their data
 * @param metadata the text entries
 */
record SafetensorsHeader(List<Entry> entries, Map<String, String> metadata) {

    /** The key of the header that holds text instead of a tensor. */
    static final String METADATA = "__metadata__";

    /** The most dimensions that an ND4J array can have. */
    private static final int MOST_DIMENSIONS = 32;

    /** Adapters of the largest models have a tenth of it. */
    private static final int MOST_TENSORS = 100_000;

    /** Of 2^63 - 1. */
    private static final int MOST_DIGITS = 19;

    /** A tensor's place: bytes from begin to end (exclusive), counted from the end of the header. */
    record Entry(String name, SafetensorsType type, long[] shape, long begin, long end) {}

    /**
     * Reads token by token, so that a header takes little more memory than its entries do, however it is nested.
     *
     * @param json the header's bytes
     * @param dataLength number of bytes that follow the header; the entries must fill them exactly
     * @throws LowRankException if anything is not as the format demands
     */
    static SafetensorsHeader parse(byte[] json, long dataLength) {
        List<Entry> entries = new ArrayList<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        // Decoding here, because a parser of bytes would take UTF-16 and UTF-32 for text, too.
        Reader text = new InputStreamReader(new ByteArrayInputStream(json), StandardCharsets.UTF_8.newDecoder());
        try (JsonParser parser = BoundedJson.FACTORY.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw Safetensors.refused("its header is not a JSON object", null);
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.getCurrentName();
                if (name.length() > BoundedJson.LONGEST_NAME || entries.size() == MOST_TENSORS) {
                    throw refused(
                            name,
                            "there may be at most " + MOST_TENSORS + " tensors, with names of at most "
                                    + BoundedJson.LONGEST_NAME + " characters",
                            null);
                }
                parser.nextToken();
                if (name.equals(METADATA)) {
                    readMetadata(parser, metadata);
                } else {
                    entries.add(entry(name, parser));
                }
            }
            if (parser.nextToken() != null) {
                throw Safetensors.refused("its header is not valid JSON: something follows the object", null);
            }
        } catch (CharacterCodingException notText) {
            throw Safetensors.refused("its header is not UTF-8 text", notText);
        } catch (JsonProcessingException notJson) {
            throw Safetensors.refused(
                    "its header is not valid JSON: " + Excerpt.of(notJson.getOriginalMessage()), notJson);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
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
            if (entry.end() - entry.begin() > Integer.MAX_VALUE) {
                throw refused(entry.name(), "it has 2 GiB or more, and only smaller tensors can be read", null);
            }
        }
        if (end != dataLength) {
            throw Safetensors.refused(
                    dataLength - end + " bytes follow the last tensor, and nothing may follow it", null);
        }
    }

    private static void readMetadata(JsonParser parser, Map<String, String> metadata) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw Safetensors.refused(METADATA + " is not a JSON object", null);
        }
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.getCurrentName();
            if (parser.nextToken() != JsonToken.VALUE_STRING) {
                throw Safetensors.refused(
                        "the entry \"" + Excerpt.of(key) + "\" of " + METADATA + " is not text", null);
            }
            metadata.put(key, parser.getText());
        }
    }

    private static Entry entry(String name, JsonParser parser) throws IOException {
        String dtype = null;
        long[] shape = null;
        long[] offsets = null;
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw refused(name, "it must have exactly dtype, shape and data_offsets", null);
        }
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String field = parser.getCurrentName();
            JsonToken value = parser.nextToken();
            switch (field) {
                case "dtype" -> {
                    // Not to be passed over: what follows in a list has no name to go by.
                    if (value != JsonToken.VALUE_STRING) {
                        throw refused(name, "its dtype is not text", null);
                    }
                    dtype = parser.getText();
                }
                case "shape" -> shape = wholeNumbers(name, field, MOST_DIMENSIONS, parser);
                case "data_offsets" -> offsets = wholeNumbers(name, field, 2, parser);
                default ->
                    throw refused(
                            name,
                            "it must have exactly dtype, shape and data_offsets, and has " + Excerpt.of(field),
                            null);
            }
        }
        if (dtype == null || shape == null || offsets == null) {
            throw refused(name, "it must have exactly dtype, shape and data_offsets", null);
        }
        SafetensorsType type = type(name, dtype);
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
        throw refused(
                name,
                "its dtype is \"" + Excerpt.of(dtype) + "\" and only " + readable + " can be read: convert it",
                null);
    }

    private static long[] wholeNumbers(String name, String field, int most, JsonParser parser) throws IOException {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw refused(name, "its " + field + " is not a list of whole numbers", null);
        }
        long[] values = new long[most];
        int count = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (count == most) {
                throw refused(name, "its " + field + " has more than " + most + " entries", null);
            }
            values[count++] = wholeNumber(name, field, parser);
        }
        return Arrays.copyOf(values, count);
    }

    private static long wholeNumber(String name, String field, JsonParser parser) throws IOException {
        if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                && parser.getTextLength() <= MOST_DIGITS
                && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
                && parser.getLongValue() >= 0) {
            return parser.getLongValue();
        }
        throw refused(
                name,
                "its " + field + " has the entry " + Excerpt.of(parser.getText())
                        + ", and only whole numbers from 0 to 2^63-1 are allowed",
                null);
    }

    /** The header as JSON on one line. */
    String toJson() {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = BoundedJson.FACTORY.createGenerator(text)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart(METADATA);
                for (Map.Entry<String, String> entry : metadata.entrySet()) {
                    json.writeStringField(entry.getKey(), entry.getValue());
                }
                json.writeEndObject();
            }
            for (Entry entry : entries) {
                json.writeObjectFieldStart(entry.name());
                json.writeStringField("dtype", entry.type().name());
                json.writeFieldName("shape");
                json.writeArray(entry.shape(), 0, entry.shape().length);
                json.writeFieldName("data_offsets");
                json.writeArray(new long[] {entry.begin(), entry.end()}, 0, 2);
                json.writeEndObject();
            }
            json.writeEndObject();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return text.toString();
    }

    private static LowRankException refused(String tensor, String why, @Nullable Throwable cause) {
        return Safetensors.refused("tensor \"" + Excerpt.of(tensor) + "\": " + why, cause);
    }
}
