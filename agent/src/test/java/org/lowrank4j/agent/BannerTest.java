package org.lowrank4j.agent;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import java.io.OutputStream;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** An agent that comes late finds the application's standard error, which may be anything. */
class BannerTest {

    private static void sayAll(@Nullable PrintStream stream) {
        Banner banner = new Banner(stream, true);
        banner.say("a fact");
        banner.warn("a warning");
        banner.detail("a detail");
    }

    @Test
    void isSilentWhereThereIsNoStream() {
        assertDoesNotThrow(() -> sayAll(null));
    }

    @Test
    void keepsToItselfWhatTheStreamThrows() {
        assertDoesNotThrow(() -> sayAll(new PrintStream(new OutputStream() {
            @Override
            public void write(int letter) {
                throw new IllegalStateException("down");
            }
        })));
    }
}
