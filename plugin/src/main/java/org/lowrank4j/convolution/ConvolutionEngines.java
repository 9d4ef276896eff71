package org.lowrank4j.convolution;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.Console;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The engines of this JVM: oneDNN where the program has it on its class path and this machine can load it, else our own; or
 * the one that is asked for.
 */
public final class ConvolutionEngines {

    public static final String PORTABLE = "portable";
    public static final String ONEDNN = "onednn";

    /** What can be asked for. */
    public static final List<String> NAMES = List.of(PORTABLE, ONEDNN);

    private static final String LIBRARY = "org.bytedeco.dnnl.global.dnnl";
    private static final String COORDINATES =
            "Put org.bytedeco:dnnl:2.5.2-1.5.7 and org.bytedeco:opencl:3.0-1.5.7 on the"
                    + " program's class path, each also with the classifier of this platform (linux-x86_64, for example)";

    private static @Nullable Asked asked;
    private static @Nullable Found found;

    /** @param source of the wish, as messages name it */
    private record Asked(String name, String source) {}

    /**
     * What became of oneDNN.
     *
     * @param version null if it cannot be had
     * @param reason why not, a clause
     */
    private record Found(@Nullable String version, String reason) {}

    private ConvolutionEngines() {}

    /**
     * Asks for an engine.
     *
     * @param name one of {@link #NAMES}; null to leave it to what is there
     * @param source of the wish, as messages name it
     */
    public static synchronized void ask(@Nullable String name, String source) {
        asked = name == null ? null : new Asked(name, source);
    }

    /**
     * One for a layer.
     *
     * @throws LowRankException if oneDNN is asked for and cannot be had
     */
    public static synchronized ConvolutionEngine ofALayer() {
        if (asked != null && asked.name().equals(PORTABLE)) {
            return new PortableEngine();
        }
        Found oneDnn = oneDnn();
        if (oneDnn.version() != null) {
            return new OneDnnEngine(oneDnn.version());
        }
        if (asked != null) {
            throw new LowRankException("convolution=" + ONEDNN + " (" + asked.source() + ") cannot be had: "
                    + oneDnn.reason() + ". " + COORDINATES + ", or leave out convolution.");
        }
        return new PortableEngine();
    }

    /**
     * The engine itself.
     *
     * @throws LowRankException if oneDNN is asked for and has nothing for numbers of that type
     */
    public static synchronized ConvolutionEngine required(ConvolutionEngine engine, DataType type) {
        if (asked != null && asked.name().equals(ONEDNN) && type != DataType.FLOAT) {
            throw new LowRankException("convolution=" + ONEDNN + " (" + asked.source()
                    + ") cannot be had: oneDNN computes floats only, and this network's numbers are of type " + type
                    + ". Leave out convolution.");
        }
        return engine;
    }

    private static Found oneDnn() {
        Found now = found;
        if (now == null) {
            now = look(ConvolutionEngines.class.getClassLoader());
            found = now;
        }
        return now;
    }

    @SuppressWarnings("CatchThrowable")
    private static Found look(ClassLoader loader) {
        try {
            Class.forName(LIBRARY, false, loader);
        } catch (ClassNotFoundException absent) {
            return new Found(null, "oneDNN is not on the class path");
        }
        try {
            return new Found(OneDnn.version(), "");
        } catch (Throwable broken) {
            // Whatever a native library does while it loads.
            String reason = "oneDNN does not load (" + cause(broken) + ")";
            if (asked == null) {
                Console.warn(reason + ": convolutions run without it. " + COORDINATES + ", or leave it out.");
            }
            return new Found(null, reason);
        }
    }

    /** What went wrong at first; what is thrown may say no more than that a class cannot be initialised. */
    private static Throwable cause(Throwable thrown) {
        Throwable cause = thrown;
        for (Throwable next = cause.getCause(); next != null; next = cause.getCause()) {
            cause = next;
        }
        return cause;
    }
}
