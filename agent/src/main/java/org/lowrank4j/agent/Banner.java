package org.lowrank4j.agent;

import java.io.PrintStream;

/**
 * All lines that the agent prints, on the standard error stream that the JVM started with: a stream that the application
 * puts there later may load classes, and lines are printed while a class is being transformed.
 */
public final class Banner {

    private static final String NAME = "lowrank4j: ";

    private final PrintStream stream;
    private final boolean verbose;

    Banner(PrintStream stream, boolean verbose) {
        this.stream = stream;
        this.verbose = verbose;
    }

    public void say(String line) {
        stream.println(NAME + line);
    }

    public void warn(String line) {
        stream.println(NAME + "WARNING: " + line);
    }

    /** A line for users who asked for details with {@code verbose=true}. */
    public void detail(String line) {
        if (verbose) {
            stream.println(NAME + line);
        }
    }
}
