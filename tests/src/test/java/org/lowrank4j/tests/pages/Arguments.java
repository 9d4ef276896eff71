package org.lowrank4j.tests.pages;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The options of one program, declared first and then read from its command line. */
public final class Arguments {

    /** A mistake on the command line; the message says what is allowed. */
    public static final class UsageException extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        public UsageException(String message) {
            super(message);
        }
    }

    private record Option(String value, String defaultValue, String meaning) {}

    private final String program;
    private final String purpose;
    private final Map<String, Option> options = new LinkedHashMap<>();
    private final Map<String, String> given = new LinkedHashMap<>();

    public Arguments(String program, String purpose) {
        this.program = program;
        this.purpose = purpose;
    }

    /**
     * Declares an option.
     *
     * @param name without the two dashes
     * @param value what stands for its value in the help, for example {@code N}
     * @param defaultValue its value when it is not given; empty if it has none
     * @param meaning one line for the help
     */
    public Arguments option(String name, String value, String defaultValue, String meaning) {
        options.put(name, new Option(value, defaultValue, meaning));
        return this;
    }

    /** Declares an option without a value, which {@link #has} asks for. */
    public Arguments flag(String name, String meaning) {
        return option(name, "", "", meaning);
    }

    /**
     * Reads {@code --name value} and {@code --name=value}. Where {@code --help} is among the arguments the rest is not
     * looked at.
     *
     * @throws UsageException for an unknown or repeated option, or one without its value
     */
    public Arguments parse(String... arguments) {
        given.clear();
        if (Arrays.asList(arguments).contains("--help")) {
            given.put("help", "");
            return this;
        }
        for (int i = 0; i < arguments.length; i++) {
            String argument = arguments[i];
            if (!argument.startsWith("--")) {
                throw new UsageException(
                        "\"" + argument + "\" is no option. Options start with --; --help lists them.");
            }
            int equals = argument.indexOf('=');
            String name = argument.substring(2, equals < 0 ? argument.length() : equals);
            if (!options.containsKey(name)) {
                throw new UsageException("--" + name + " is no option of " + program + "; did you mean --"
                        + nearest(name, options.keySet()) + "? --help lists them all.");
            }
            boolean flag = options.get(name).value.isEmpty();
            String value;
            if (flag && equals < 0) {
                value = "";
            } else if (flag) {
                throw new UsageException("--" + name + " takes no value.");
            } else if (equals >= 0) {
                value = argument.substring(equals + 1);
            } else if (i + 1 < arguments.length && !arguments[i + 1].startsWith("--")) {
                value = arguments[++i];
            } else {
                throw new UsageException(
                        "--" + name + " needs a value: --" + name + " " + options.get(name).value + ".");
            }
            if (given.put(name, value) != null) {
                throw new UsageException("--" + name + " is given twice.");
            }
        }
        return this;
    }

    boolean wantsHelp() {
        return given.containsKey("help");
    }

    /** The text of {@code --help}. */
    String help() {
        StringBuilder text = new StringBuilder(purpose)
                .append("\n\nOptions of ")
                .append(program)
                .append(":\n");
        int width = options.entrySet().stream()
                .mapToInt(option ->
                        option.getKey().length() + option.getValue().value.length())
                .max()
                .orElse(0);
        options.forEach((name, option) -> {
            String left = String.format("  --%-" + (width + 1) + "s  ", name + " " + option.value);
            text.append(left).append(option.meaning);
            if (!option.defaultValue.isEmpty()) {
                text.append(" (").append(option.defaultValue).append(')');
            }
            text.append('\n');
        });
        return text.append(String.format("  --%-" + (width + 1) + "s  ", "help"))
                .append("shows this text\n")
                .toString();
    }

    public boolean has(String name) {
        declared(name);
        return given.containsKey(name);
    }

    public String text(String name) {
        return given.getOrDefault(name, declared(name).defaultValue);
    }

    /** A path; an option that must be given has no default. */
    public Path path(String name) {
        String value = text(name);
        if (value.isEmpty()) {
            throw new UsageException("--" + name + " is missing: --" + name + " " + declared(name).value + ".");
        }
        try {
            return Path.of(value);
        } catch (InvalidPathException wrong) {
            throw new UsageException("--" + name + " " + value + " is no path: " + wrong.getReason() + ".");
        }
    }

    public int integer(String name, int least, int most) {
        String value = text(name);
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException wrong) {
            // Reported below, together with numbers out of range.
        }
        throw new UsageException("--" + name + " " + value + " is no whole number from " + least + " to " + most + ".");
    }

    /** A number above 0 and at most {@code most}. */
    public double positive(String name, double most) {
        String value = text(name);
        try {
            double number = Double.parseDouble(value);
            if (number > 0 && number <= most) {
                return number;
            }
        } catch (NumberFormatException wrong) {
            // Reported below, together with numbers out of range.
        }
        throw new UsageException("--" + name + " " + value + " is no number above 0 and at most " + most + ".");
    }

    /** One of the constants, written as their {@code toString}. */
    public <E extends Enum<E>> E choice(String name, Class<E> type) {
        return choose(name, text(name), type);
    }

    /** Some of the constants, separated by commas. */
    <E extends Enum<E>> List<E> choices(String name, Class<E> type) {
        List<E> chosen = new ArrayList<>();
        for (String part : text(name).split(",")) {
            E choice = choose(name, part.strip(), type);
            if (!chosen.contains(choice)) {
                chosen.add(choice);
            }
        }
        return chosen;
    }

    private static <E extends Enum<E>> E choose(String name, String value, Class<E> type) {
        List<String> names = new ArrayList<>();
        for (E constant : type.getEnumConstants()) {
            if (constant.toString().equals(value)) {
                return constant;
            }
            names.add(constant.toString());
        }
        throw new UsageException("--" + name + " " + value + " is not one of " + String.join(", ", names)
                + "; did you mean " + nearest(value, names) + "?");
    }

    private Option declared(String name) {
        Option option = options.get(name);
        if (option == null) {
            throw new IllegalStateException("Option --" + name + " was not declared.");
        }
        return option;
    }

    /** The candidate that takes the fewest letters to insert, delete or replace. */
    public static String nearest(String word, Iterable<String> candidates) {
        String best = "";
        int least = Integer.MAX_VALUE;
        for (String candidate : candidates) {
            int distance = distance(word, candidate);
            if (distance < least) {
                least = distance;
                best = candidate;
            }
        }
        return best;
    }

    /** Levenshtein distance: how many letters to insert, delete or replace. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }

    /** A program's body, given its parsed arguments. */
    public interface Program {
        void run(Arguments arguments) throws Exception;
    }

    /**
     * Runs a program: {@code --help} prints the help; a mistake on the command line exits with 2, and a file that cannot
     * be read or written exits with 1, both with one line on the error stream.
     */
    public void run(String[] arguments, Program body) throws Exception {
        try {
            parse(arguments);
            if (wantsHelp()) {
                System.out.print(help());
            } else {
                body.run(this);
            }
        } catch (UsageException mistake) {
            System.err.println(program + ": " + mistake.getMessage());
            System.exit(2);
        } catch (IOException failure) {
            System.err.println(program + ": " + failure.getMessage());
            System.exit(1);
        }
    }
}
