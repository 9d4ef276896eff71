package org.lowrank4j.file;

import java.io.IOException;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Excerpt;
import org.nd4j.shade.jackson.core.JsonFactory;
import org.nd4j.shade.jackson.core.JsonParser;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.core.JsonToken;
import org.nd4j.shade.jackson.databind.DeserializationFeature;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/**
 * Reads JSON that anybody may have written: numbers, names and nesting are bounded before anything is made of them. A
 * number of a million digits would take half a minute, and deep nesting the stack.
 */
public final class BoundedJson {

    /** Every double and every 64-bit whole number is shorter. */
    static final int LONGEST_NUMBER = 40;

    /** Names of tensors, modules and keys are shorter. */
    static final int LONGEST_NAME = 2_000;

    private static final int DEEPEST = 64;

    /** Names are not kept beyond the parser: those of hostile files would stay, or collide. */
    static final JsonFactory FACTORY = new JsonFactory()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES);

    private static final ObjectMapper TREES =
            new ObjectMapper(FACTORY.copy()).enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private BoundedJson() {}

    /**
     * Reads an object.
     *
     * @param source named in messages
     * @throws LowRankException if it is not valid JSON, no object, names a key twice, or goes beyond a bound
     */
    public static JsonNode object(String text, String source) {
        try {
            checkBounds(text, source);
            JsonNode root = TREES.readTree(text);
            if (root == null || !root.isObject()) {
                throw new LowRankException(source + " is not a JSON object.");
            }
            return root;
        } catch (JsonProcessingException notJson) {
            throw new LowRankException(
                    source + " is not valid JSON: " + Excerpt.of(notJson.getOriginalMessage()) + ".", notJson);
        } catch (IOException unreadable) {
            throw new LowRankException(source + " cannot be read: " + unreadable.getMessage() + ".", unreadable);
        }
    }

    private static void checkBounds(String text, String source) throws IOException {
        int depth = 0;
        try (JsonParser parser = FACTORY.createParser(text)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
                if (depth > DEEPEST) {
                    throw new LowRankException(source + " is nested more than " + DEEPEST + " levels deep.");
                }
                if (token.isNumeric() && parser.getTextLength() > LONGEST_NUMBER) {
                    throw new LowRankException(source + " has a number of " + parser.getTextLength()
                            + " characters, and at most " + LONGEST_NUMBER + " are read.");
                }
                if (token == JsonToken.FIELD_NAME && parser.getTextLength() > LONGEST_NAME) {
                    throw new LowRankException(source + " has a name of " + parser.getTextLength()
                            + " characters, and at most " + LONGEST_NAME + " are read.");
                }
            }
        }
    }
}
