package org.lowrank4j.tests.pages;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.lowrank4j.file.Replacement;
import org.nd4j.shade.jackson.core.type.TypeReference;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.SerializationFeature;

/** Records, maps and lists as JSON, by the Jackson that ND4J brings along. Numbers that JSON lacks become texts. */
public final class Json {

    private static final ObjectMapper MAPPER = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private Json() {}

    /** Makes the file's directory if it is missing, and replaces the file. */
    public static void write(Path file, Object value) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Replacement.write(file, MAPPER.writeValueAsString(value) + "\n");
    }

    public static <T> T read(Path file, TypeReference<T> type) throws IOException {
        return MAPPER.readValue(file.toFile(), type);
    }
}
