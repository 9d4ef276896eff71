package org.lowrank4j.command;

import java.io.OutputStream;
import java.io.PrintStream;

/** The logging facade of Deeplearning4j, whichever version the user's class path has. */
final class Slf4j {

    /** What says which logger to use: for SLF4J 1, and from 2.0 on. */
    private static final String[] LOGGERS = {
        "org/slf4j/impl/StaticLoggerBinder.class", "META-INF/services/org.slf4j.spi.SLF4JServiceProvider"
    };

    private Slf4j() {}

    /**
     * Where the class path has no logger, lets SLF4J find that out without its lines on the standard error, which tell
     * nothing of a command. A logger that is there logs as it was set up.
     */
    static void settle(ClassLoader loader) {
        for (String logger : LOGGERS) {
            if (loader.getResource(logger) != null) {
                return;
            }
        }
        PrintStream errors = System.err;
        System.setErr(new PrintStream(OutputStream.nullOutputStream()));
        try {
            loader.loadClass("org.slf4j.LoggerFactory")
                    .getMethod("getILoggerFactory")
                    .invoke(null);
        } catch (ReflectiveOperationException | LinkageError unusable) {
            // Deeplearning4j does without, or says itself what it misses.
            return;
        } finally {
            System.setErr(errors);
        }
    }
}
