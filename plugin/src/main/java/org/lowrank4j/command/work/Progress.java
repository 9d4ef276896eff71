package org.lowrank4j.command.work;

import java.io.PrintStream;

/** Tells on the standard error what is being done now. */
public final class Progress {

    private final PrintStream stream;
    private final boolean quiet;

    public Progress(PrintStream stream, boolean quiet) {
        this.stream = stream;
        this.quiet = quiet;
    }

    /** A step that begins, as a phrase. */
    public void begin(String step) {
        if (!quiet) {
            stream.println("lowrank4j: " + step);
        }
    }
}
