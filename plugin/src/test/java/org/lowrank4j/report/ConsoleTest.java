package org.lowrank4j.report;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.lowrank4j.Console;

/** Standard error is the program's, which may put anything there. */
class ConsoleTest {

    private final PrintStream original = System.err;

    @AfterEach
    void putBack() {
        System.setErr(original);
    }

    private static void sayAll(@Nullable PrintStream stream) {
        System.setErr(stream);
        Console.say("a fact");
        Console.warn("a warning");
    }

    @Test
    void printsLinesWithItsName() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        sayAll(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        assertEquals(
                "lowrank4j: a fact\nlowrank4j: WARNING: a warning\n",
                bytes.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n"));
    }

    @Test
    void isSilentWhereThereIsNoStream() {
        assertDoesNotThrow(() -> sayAll(null));
    }

    @Test
    void keepsToItselfWhatTheStreamThrows() {
        for (Throwable thrown : new Throwable[] {new IllegalStateException("down"), new StackOverflowError()}) {
            assertDoesNotThrow(() -> sayAll(new PrintStream(new OutputStream() {
                @Override
                public void write(int letter) {
                    ConsoleTest.<RuntimeException>raise(thrown);
                }
            })));
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void raise(Throwable thrown) throws T {
        throw (T) thrown;
    }

    @Test
    void aStreamThatSpeaksItselfIsNotCalledAgain() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        sayAll(new PrintStream(bytes, true, StandardCharsets.UTF_8) {
            @Override
            public void println(@Nullable String line) {
                super.println(line);
                Console.say("again");
            }
        });
        assertEquals(2, bytes.toString(StandardCharsets.UTF_8).lines().count());
    }
}
