package org.lowrank4j.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.LowRankException;

/**
 * A short run of a program's job, to see how its loss falls: the losses of its first steps go to a file, and the JVM ends with
 * the last of them, or with one that is not finite. The verb {@code tune} asks for it.
 */
public final class Trial {

    /** The system property that asks for one: the number of steps, a colon, and the file. */
    public static final String PROPERTY = "lowrank4j.trial";

    private static final @Nullable Trial ASKED = of(System.getProperty(PROPERTY));

    private final int steps;
    private final Path file;
    private final StringBuilder losses = new StringBuilder();
    private int taken;

    private Trial(int steps, Path file) {
        this.steps = steps;
        this.file = file;
        Runtime.getRuntime().addShutdownHook(new Thread(this::write, "lowrank4j trial"));
    }

    /** That which this JVM runs; null for an ordinary one. */
    static @Nullable Trial running() {
        return ASKED;
    }

    private static @Nullable Trial of(@Nullable String asked) {
        if (asked == null) {
            return null;
        }
        int colon = asked.indexOf(':');
        try {
            return new Trial(Integer.parseInt(asked.substring(0, colon)), Path.of(asked.substring(colon + 1)));
        } catch (RuntimeException unreadable) {
            throw new LowRankException(
                    "-D" + PROPERTY + "=" + asked + " is refused: it must be a number of steps, a colon and a file.",
                    unreadable);
        }
    }

    /** A step was taken. */
    synchronized void step(double loss) {
        taken++;
        losses.append(String.format(Locale.ROOT, "%.9g%n", loss));
        if (taken >= steps || !Double.isFinite(loss)) {
            write();
            // What the program does at its end would belong to a training that is complete.
            Runtime.getRuntime().halt(0);
        }
    }

    private synchronized void write() {
        if (taken == 0) {
            return;
        }
        try {
            Files.write(file, losses.toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException failed) {
            Console.warn("the losses of this trial could not be written: " + failed);
        }
    }
}
