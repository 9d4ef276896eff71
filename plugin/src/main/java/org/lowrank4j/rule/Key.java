package org.lowrank4j.rule;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Excerpt;
import org.lowrank4j.quantisation.NormalCells;

/** What a rule can set. Each key knows what its values look like, so that every source is checked in the same way. */
enum Key {
    RANK("rank", true, Key::rank),
    ALPHA("alpha", true, Key::alpha),
    SCALING("scaling", true, text -> choice(text, Scaling.class)),
    INIT("init", true, Key::methodName),
    GRADIENT("gradient", true, Key::methodName),
    UPDATE("update", true, Key::methodName),
    BITS("bits", true, Key::bits),
    UPDATER("updater", false, Key::methodName),
    RATE("rate", false, Key::rate),
    AVERAGE("average", false, Key::methodName),
    LOSS("loss", false, Key::methodName),
    EXCHANGE("exchange", false, Key::methodName),
    WEIGHTS("weights", false, text -> choice(text, NewWeights.class)),
    LAYERS("layers", false, LayerPattern::canonical),
    EXCLUDE("exclude", false, LayerPattern::canonical),
    TRAIN("train", false, TrainedLayers::canonical),
    BIAS("bias", false, text -> choice(text, BiasTraining.class)),
    LORAPLUS("loraplus", false, Key::ratio),
    SEED("seed", false, Key::seed),
    ID("id", false, Key::id),
    ENABLED("enabled", false, Key::flag);

    /** Ids become names inside model files, so they keep to characters that are safe there. */
    private static final Pattern ID_FORM = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,99}");

    private static final String BITS_ALLOWED =
            "bits is a whole number from 1 to " + NormalCells.MOST_BITS + ", or 0 for factors in full precision";

    private final String spelling;
    private final boolean perLayer;

    /** A function without state, which the type cannot say. */
    @SuppressWarnings("ImmutableEnumChecker")
    private final UnaryOperator<String> canonical;

    Key(String spelling, boolean perLayer, UnaryOperator<String> canonical) {
        this.spelling = spelling;
        this.perLayer = perLayer;
        this.canonical = canonical;
    }

    /** The key as users write it. */
    String spelling() {
        return spelling;
    }

    /** Whether an override may set it for some layers. */
    boolean perLayer() {
        return perLayer;
    }

    /** The key of that spelling. */
    static Optional<Key> of(String spelling) {
        return Arrays.stream(values())
                .filter(key -> key.spelling.equals(spelling))
                .findFirst();
    }

    /** The spellings of all keys of a rule, or of those that an override may set. */
    static List<String> spellings(boolean onlyPerLayer) {
        return Arrays.stream(values())
                .filter(key -> key.perLayer || !onlyPerLayer)
                .map(Key::spelling)
                .toList();
    }

    /**
     * The value in the one form that equal values share.
     *
     * @throws LowRankException if the value is not allowed, with its source and what is allowed
     */
    String canonical(Sourced value) {
        try {
            return canonical.apply(value.text().strip());
        } catch (IllegalArgumentException refused) {
            throw new LowRankException(
                    spelling + " '" + Excerpt.of(value.text()) + "' (" + value.source() + ") is refused: "
                            + refused.getMessage() + ".",
                    refused);
        }
    }

    private static String rank(String text) {
        try {
            int rank = Integer.parseInt(text);
            if (rank >= 1) {
                return Integer.toString(rank);
            }
        } catch (NumberFormatException notANumber) {
            throw new IllegalArgumentException("a rank is a whole number from 1 to min(nIn, nOut)", notANumber);
        }
        throw new IllegalArgumentException("a rank is at least 1 and at most min(nIn, nOut)");
    }

    private static String bits(String text) {
        try {
            int bits = Integer.parseInt(text);
            if (bits >= 0 && bits <= NormalCells.MOST_BITS) {
                return Integer.toString(bits);
            }
        } catch (NumberFormatException notANumber) {
            throw new IllegalArgumentException(BITS_ALLOWED, notANumber);
        }
        throw new IllegalArgumentException(BITS_ALLOWED);
    }

    private static String alpha(String text) {
        double alpha = number(text, "alpha is a number above 0, for example 16");
        if (alpha > 0 && Double.isFinite(alpha)) {
            return Double.toString(alpha);
        }
        throw new IllegalArgumentException(
                "alpha is a finite number above 0, since the scale of the update is alpha / r");
    }

    private static String ratio(String text) {
        double ratio = number(text, "loraplus is a number from 1 on, for example 16");
        if (ratio >= 1 && Double.isFinite(ratio)) {
            return Double.toString(ratio);
        }
        throw new IllegalArgumentException(
                "loraplus is the learning rate of B over that of A, a finite number from 1 (off) on");
    }

    private static String rate(String text) {
        double rate = number(text, "rate is a learning rate, for example 0.001");
        if (rate >= 0 && Double.isFinite(rate)) {
            return Double.toString(rate);
        }
        throw new IllegalArgumentException("rate is a learning rate, a finite number of at least 0");
    }

    private static String seed(String text) {
        try {
            return Long.toString(Long.parseLong(text));
        } catch (NumberFormatException notANumber) {
            throw new IllegalArgumentException("a seed is a whole number of 64 bits", notANumber);
        }
    }

    private static double number(String text, String allowed) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException notANumber) {
            throw new IllegalArgumentException(allowed, notANumber);
        }
    }

    private static String flag(String text) {
        if (text.equals("true") || text.equals("false")) {
            return text;
        }
        throw new IllegalArgumentException("it must be true or false");
    }

    private static String id(String text) {
        if (ID_FORM.matcher(text).matches()) {
            return text;
        }
        throw new IllegalArgumentException(
                "an id has 1 to 100 letters, digits, dots, hyphens or underscores and starts with a letter or digit");
    }

    private static String methodName(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("it must name a method");
        }
        return text;
    }

    private static <E extends Enum<E>> String choice(String text, Class<E> type) {
        for (E constant : type.getEnumConstants()) {
            if (word(constant).equals(text.toLowerCase(Locale.ROOT).replace('_', '-'))) {
                return constant.name();
            }
        }
        throw new IllegalArgumentException("it must be one of "
                + Arrays.stream(type.getEnumConstants()).map(Key::word).collect(Collectors.joining(", ")));
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
