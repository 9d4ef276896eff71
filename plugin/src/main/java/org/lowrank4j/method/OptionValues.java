package org.lowrank4j.method;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;

/** The values of one method's options: what the user wrote, else the published default. */
public final class OptionValues {

    private final Method method;
    private final Map<String, String> written;

    /**
     * @param method whose options these are
     * @param written what users wrote, keyed {@code method.option}; entries of other methods are ignored
     */
    public OptionValues(Method method, Map<String, String> written) {
        this.method = method;
        this.written = Map.copyOf(written);
    }

    /**
     * The option as text.
     *
     * @throws LowRankException if it must be given, and is not
     */
    public String text(String option) {
        MethodOption declared = declared(option);
        String value = written.getOrDefault(method.name() + "." + option, declared.defaultValue());
        if (value == null) {
            throw new LowRankException(method.name() + "." + option + " must be given: " + declared.meaning() + ".");
        }
        return value;
    }

    /** Whether the method has such an option. */
    public boolean isDeclared(String option) {
        return method.options().stream().anyMatch(declared -> declared.name().equals(option));
    }

    /** Whether the user wrote the option, so that its value is not the published default. */
    public boolean isWritten(String option) {
        return written.containsKey(method.name() + "." + option);
    }

    /** The option as a positive whole number. */
    public int positiveInt(String option) {
        return integer(option, 1, Integer.MAX_VALUE, "a whole number above 0");
    }

    /** The option as a whole number from 1 to a largest one. */
    public int positiveInt(String option, int most) {
        return integer(option, 1, most, "a whole number from 1 to " + most);
    }

    /** The option as a whole number of at least 0. */
    public int wholeNumber(String option) {
        return integer(option, 0, Integer.MAX_VALUE, "a whole number, 0 or more");
    }

    private int integer(String option, int least, int most, String allowed) {
        try {
            int value = Integer.parseInt(text(option));
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException notANumber) {
            throw refused(option, allowed, notANumber);
        }
        throw refused(option, allowed, null);
    }

    /** The option as a finite number above 0. */
    public double positiveDouble(String option) {
        return number(option, Double.MIN_VALUE, Double.MAX_VALUE, "a number above 0");
    }

    /** The option as a finite number between two bounds, both allowed. */
    public double between(String option, double least, double most) {
        return Double.isInfinite(most)
                ? number(option, least, Double.MAX_VALUE, "a number of at least " + least)
                : number(option, least, most, "a number from " + least + " to " + most);
    }

    /** The option as a part that is not all: a number from 0 to below 1. */
    public double belowOne(String option) {
        return number(option, 0, Math.nextDown(1.0), "a number from 0 to below 1");
    }

    private double number(String option, double least, double most, String allowed) {
        try {
            double value = Double.parseDouble(text(option));
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException notANumber) {
            throw refused(option, allowed, notANumber);
        }
        throw refused(option, allowed, null);
    }

    /** The option as one constant of an enum, written in lower case with hyphens, or as declared. */
    public <E extends Enum<E>> E choice(String option, Class<E> type) {
        String text = text(option);
        for (E constant : type.getEnumConstants()) {
            if (constant.name().equalsIgnoreCase(text.replace('-', '_'))) {
                return constant;
            }
        }
        String allowed = Arrays.stream(type.getEnumConstants())
                .map(constant -> constant.name().toLowerCase(Locale.ROOT).replace('_', '-'))
                .collect(Collectors.joining(", "));
        throw refused(option, "one of " + allowed, null);
    }

    /** Whether the option is yes, where yes and no are what it may be. */
    public boolean yes(String option) {
        return choice(option, Answer.class) == Answer.YES;
    }

    private enum Answer {
        YES,
        NO
    }

    private MethodOption declared(String option) {
        return method.options().stream()
                .filter(candidate -> candidate.name().equals(option))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(method.name() + " declares no option " + option));
    }

    private RefusedOption refused(String option, String allowed, @Nullable Throwable cause) {
        return new RefusedOption(
                method.name() + "." + option + "=" + Excerpt.of(text(option)) + " is refused: "
                        + declared(option).meaning() + "; it must be " + allowed + ".",
                cause);
    }
}
