package org.lowrank4j.convolution;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.blas.OneDnn;
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

    private static @Nullable Asked asked;

    /** @param source of the wish, as messages name it */
    private record Asked(String name, String source) {}

    private ConvolutionEngines() {}

    /**
     * Asks for an engine.
     *
     * @param name one of {@link #NAMES}; null to leave it to what is there
     * @param source of the wish, as messages name it
     */
    public static synchronized void ask(@Nullable String name, String source) {
        asked = name == null ? null : new Asked(name, source);
        OneDnn.leaveAlone(PORTABLE.equals(name));
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
        OneDnn.Found oneDnn = OneDnn.found();
        if (oneDnn.version() != null) {
            return new OneDnnEngine(oneDnn.version());
        }
        if (asked != null) {
            throw new LowRankException("convolution=" + ONEDNN + " (" + asked.source() + ") cannot be had: "
                    + oneDnn.reason() + ". " + OneDnn.COORDINATES + ", or leave out convolution.");
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
}
