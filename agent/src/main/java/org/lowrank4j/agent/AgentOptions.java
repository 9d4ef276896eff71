package org.lowrank4j.agent;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The agent's arguments: {@code key=value,key=value}.
 *
 * <p>A comma separates two options only where {@code word=} follows it, so a value may contain commas; a list inside a
 * value is separated by {@code :}. A word consists of letters, digits, {@code .}, {@code -} and {@code _}. Values are
 * kept as they are written: which keys and values are allowed is the plugin's rule model's concern.
 */
public final class AgentOptions {

    private final Map<String, String> values;
    private final List<String> problems;

    private AgentOptions(Map<String, String> values, List<String> problems) {
        this.values = Collections.unmodifiableMap(values);
        this.problems = List.copyOf(problems);
    }

    /**
     * Reads the text after {@code -javaagent:lowrank4j-agent.jar=}.
     *
     * @param text the arguments; null or blank for none
     */
    public static AgentOptions parse(@Nullable String text) {
        Map<String, String> values = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        if (text != null && !text.isBlank()) {
            String rest = text.strip();
            int start = 0;
            while (start < rest.length()) {
                int end = nextSeparator(rest, start);
                readOption(rest.substring(start, end), values, problems);
                start = end + 1;
            }
        }
        return new AgentOptions(values, problems);
    }

    /** All options in the order of the command line. */
    public Map<String, String> asMap() {
        return values;
    }

    /** One sentence for each piece of the arguments that could not be read. */
    public List<String> problems() {
        return problems;
    }

    public @Nullable String get(String key) {
        return values.get(key);
    }

    /** The options in the form that {@link #parse} reads. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        values.forEach((key, value) -> {
            text.append(text.length() == 0 ? "" : ",").append(key).append('=').append(value);
        });
        return text.toString();
    }

    private static int nextSeparator(String text, int start) {
        for (int comma = text.indexOf(',', start); comma >= 0; comma = text.indexOf(',', comma + 1)) {
            int end = comma + 1;
            while (end < text.length() && isWord(text.charAt(end))) {
                end++;
            }
            if (end > comma + 1 && end < text.length() && text.charAt(end) == '=') {
                return comma;
            }
        }
        return text.length();
    }

    /** The text is not repeated in the message: a command line may hold passwords. */
    private static void readOption(String option, Map<String, String> values, List<String> problems) {
        int equals = option.indexOf('=');
        String key = equals < 0 ? "" : option.substring(0, equals);
        if (!isWord(key)) {
            problems.add("an agent argument is ignored because it is not key=value: write"
                    + " -javaagent:lowrank4j-agent.jar=rank=8,layers=dense1:dense2, for example");
        } else if (values.put(key, option.substring(equals + 1)) != null) {
            problems.add("agent argument '" + key + "' is given more than once; the last one counts");
        }
    }

    private static boolean isWord(String key) {
        for (int i = 0; i < key.length(); i++) {
            if (!isWord(key.charAt(i))) {
                return false;
            }
        }
        return !key.isEmpty();
    }

    private static boolean isWord(char letter) {
        return Character.isLetterOrDigit(letter) || letter == '.' || letter == '-' || letter == '_';
    }
}
