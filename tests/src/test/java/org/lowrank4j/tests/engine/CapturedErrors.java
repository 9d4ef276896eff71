package org.lowrank4j.tests.engine;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What an action writes to standard error. */
final class CapturedErrors {

    /** An action that may throw anything. */
    interface Action {
        void run() throws Exception;
    }

    private CapturedErrors() {}

    /** The lines that the action wrote, after it was run. */
    static List<String> of(Action action) {
        PrintStream original = System.err;
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PrintStream capture = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            System.setErr(capture);
            action.run();
        } catch (Exception failed) {
            throw new AssertionError("the action failed", failed);
        } finally {
            System.setErr(original);
        }
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    /** The lines among them that contain a text. */
    static List<String> containing(List<String> lines, String text) {
        return lines.stream().filter(line -> line.contains(text)).toList();
    }
}
