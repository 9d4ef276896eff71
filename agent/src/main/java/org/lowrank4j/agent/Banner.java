package org.lowrank4j.agent;

import java.io.PrintStream;
import org.jspecify.annotations.Nullable;

/**
 * All lines that the agent prints, on the standard error stream that the JVM started with: a stream that the application
 * puts there later may load classes, and lines are printed while a class is being transformed.
 *
 * <p>That stream may be the application's all the same where the agent comes late, and it may be null or broken: nothing
 * that comes of printing leaves this class.
 */
public final class Banner {

    private static final String NAME = "lowrank4j: ";

    private final @Nullable PrintStream stream;
    private final boolean verbose;

    Banner(@Nullable PrintStream stream, boolean verbose) {
        this.stream = stream;
        this.verbose = verbose;
    }

    public void say(String line) {
        print(NAME + line);
    }

    public void warn(String line) {
        print(NAME + "WARNING: " + line);
    }

    /** A line for users who asked for details with {@code verbose=true}. */
    public void detail(String line) {
        if (verbose) {
            print(NAME + line);
        }
    }

    private void print(String line) {
        if (stream == null) {
            return;
        }
        try {
            stream.println(line);
        } catch (Throwable failure) {
            // Said by a stream that cannot say it: whoever put it there sees it fail with the program's own lines.
        }
    }
}
