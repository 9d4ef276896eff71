package org.lowrank4j.command;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
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
        return runInto(new ByteArrayOutputStream(), arguments);
    }

    /** The same with the standard output somewhere else. */
    static Ran runInto(OutputStream out, Object... arguments) {
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
        String text = out instanceof ByteArrayOutputStream bytes ? bytes.toString(StandardCharsets.UTF_8) : "";
        return new Ran(status, text, err.toString(StandardCharsets.UTF_8), classPath);
    }
}
