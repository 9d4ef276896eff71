package org.lowrank4j.command;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/** Runs command lines in this JVM, which has Deeplearning4j on its class path. */
final class CommandLines {

    private CommandLines() {}

    /**
     * What a command line left behind.
     *
     * @param classPath what it gave to be searched
     */
    record Ran(int status, String out, String err, List<URL> classPath) {

        JsonNode json() {
            try {
                return new ObjectMapper().readTree(out);
            } catch (JsonProcessingException noJson) {
                throw new AssertionError(this.toString(), noJson);
            }
        }
    }

    static Ran run(Object... arguments) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        List<URL> classPath = new ArrayList<>();
        String[] texts = new String[arguments.length];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = arguments[i].toString();
        }
        int status = Commands.run(
                texts,
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                "1.2.3",
                classPath::add,
                stream -> true);
        return new Ran(status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8), classPath);
    }
}
