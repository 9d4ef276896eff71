package org.lowrank4j.rule;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.lowrank4j.LowRankException;
import org.lowrank4j.convolution.ConvolutionEngines;
import org.lowrank4j.method.Excerpt;
import org.lowrank4j.method.NearestName;

/** The keys that steer lowrank4j as a whole and are no part of a rule. The first source that sets one wins. */
final class Switches {

    static final String ENABLED = "enabled";
    static final String STRICT = "strict";
    static final String VERBOSE = "verbose";
    static final String MODE = "mode";
    static final String CONVOLUTION = "convolution";
    static final String CONFIG = "config";

    /** All switches, as users write them. */
    static final List<String> NAMES = List.of(ENABLED, STRICT, VERBOSE, MODE, CONVOLUTION, CONFIG);

    /** The switches that a file may set; it cannot name another file, and its {@code enabled} belongs to its rules. */
    static final List<String> FILE_NAMES = List.of(STRICT, VERBOSE, MODE, CONVOLUTION);

    private static final List<String> MODES = List.of("train", "report", "off");

    private final Map<String, Sourced> values = new HashMap<>();

    /** Sets a switch unless a source of higher precedence did, and refuses a value that is not allowed. */
    void putIfAbsent(String name, Sourced value) {
        if (name.equals(MODE)) {
            checkMode(value);
        } else if (name.equals(CONVOLUTION)) {
            checkEngine(value);
        } else if (!name.equals(CONFIG)) {
            flag(name, value);
        }
        values.putIfAbsent(name, value);
    }

    /** Whether the switch is on. */
    boolean isOn(String name, boolean otherwise) {
        Sourced value = values.get(name);
        return value == null ? otherwise : flag(name, value);
    }

    boolean isMode(String mode) {
        Sourced value = values.get(MODE);
        return value != null && value.text().strip().equals(mode);
    }

    /** The engine of convolutions that is asked for, if any. */
    Optional<Sourced> convolution() {
        return Optional.ofNullable(values.get(CONVOLUTION));
    }

    Optional<Sourced> config() {
        return Optional.ofNullable(values.get(CONFIG));
    }

    private static void checkMode(Sourced value) {
        String mode = value.text().strip();
        if (!MODES.contains(mode)) {
            throw new LowRankException("mode '" + mode + "' (" + value.source()
                    + ") is refused: it must be train (the default), report (print the plan, train as stock) or off."
                    + NearestName.suggestion(mode, MODES));
        }
    }

    private static void checkEngine(Sourced value) {
        String engine = value.text().strip();
        if (!ConvolutionEngines.NAMES.contains(engine)) {
            throw new LowRankException("convolution '" + Excerpt.of(engine) + "' (" + value.source()
                    + ") is refused: it must be portable (lowrank4j's own engine) or onednn (where the program has it on"
                    + " its class path)." + NearestName.suggestion(engine, ConvolutionEngines.NAMES));
        }
    }

    /** A switch without a value, as in {@code -Dlowrank.verbose}, is on. */
    private static boolean flag(String name, Sourced value) {
        return switch (value.text().strip().toLowerCase(Locale.ROOT)) {
            case "", "true" -> true;
            case "false" -> false;
            default ->
                throw new LowRankException(name + " '" + Excerpt.of(value.text()) + "' (" + value.source()
                        + ") is refused: it must be true or false.");
        };
    }
}
