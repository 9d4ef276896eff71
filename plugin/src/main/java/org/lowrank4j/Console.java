package org.lowrank4j;

import java.io.PrintStream;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where lowrank4j speaks: standard error, with its name in front. The job's own standard output stays untouched, and no
 * logging framework has to be present.
 *
 * <p>Standard error is the program's: it may have set it to null, to a stream that throws, or to one that itself trains.
 * Stock training prints nothing there, so nothing that comes of printing reaches training.
 */
public final class Console {

    private static final String NAME = "lowrank4j: ";

    /** Set while the thread prints, or is to be silent. */
    private static final ThreadLocal<Boolean> PRINTING = new ThreadLocal<>();

    private Console() {}

    /** One fact, or a block of lines of which the first names the subject. */
    public static void say(String text) {
        print(NAME + text.strip());
    }

    /** Something that the user may have wanted otherwise. */
    public static void warn(String text) {
        print(NAME + "WARNING: " + text.strip());
    }

    /** Why training stops. */
    public static void stop(String text) {
        print(NAME + "ERROR: training stops. " + text.strip());
    }

    /** Runs what would say something that has been said elsewhere. */
    public static <T> T silently(Supplier<T> action) {
        @Nullable Boolean before = PRINTING.get();
        PRINTING.set(true);
        try {
            return action.get();
        } finally {
            PRINTING.set(before);
        }
    }

    /** A line that printing a line led to is left out: it would lead to the next one. */
    private static void print(String text) {
        @Nullable PrintStream stream = System.err;
        if (stream == null || PRINTING.get() != null) {
            return;
        }
        PRINTING.set(true);
        try {
            stream.println(text);
        } catch (Throwable failure) {
            // Said by a stream that cannot say it: whoever put it there sees it fail with the program's own lines.
        } finally {
            PRINTING.remove();
        }
    }
}
