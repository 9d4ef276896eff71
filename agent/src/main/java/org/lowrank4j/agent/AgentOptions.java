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
 * value is separated by {@code :}. A word consists of letters, digits, {@code .}, {@code -} and {@code _}, and may be
 * followed by {@code @} and the layers that it is for; blanks around commas and equals signs do not count. Which keys and
 * values are allowed is the plugin's rule model's concern.
 */
public final class AgentOptions {

    private static final int LONGEST_SHOWN = 60;

    private final Map<String, String> values;
    private final List<String> problems;
    private final List<String> repeated;

    private AgentOptions(Map<String, String> values, List<String> problems, List<String> repeated) {
        this.values = Collections.unmodifiableMap(values);
        this.problems = List.copyOf(problems);
        this.repeated = List.copyOf(repeated);
    }

    /**
     * Reads the text after {@code -javaagent:lowrank4j-agent.jar=}.
     *
     * @param text the arguments; null or blank for none
     */
    public static AgentOptions parse(@Nullable String text) {
        Map<String, String> values = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        List<String> repeated = new ArrayList<>();
        if (text != null && !text.isBlank()) {
            String rest = text.strip();
            int start = 0;
            while (start < rest.length()) {
                int end = nextSeparator(rest, start);
                readOption(rest.substring(start, end), values, problems, repeated);
                start = end + 1;
            }
        }
        return new AgentOptions(values, problems, repeated);
    }

    /** All options in the order of the command line. */
    public Map<String, String> asMap() {
        return values;
    }

    /** One sentence for each piece of the arguments that could not be read, or contradicts another. */
    public List<String> problems() {
        return problems;
    }

    /** One sentence for each argument that is given twice with the same value. */
    public List<String> repeated() {
        return repeated;
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
            int equals = text.indexOf('=', comma);
            if (equals >= 0 && isKey(text.substring(comma + 1, equals).strip())) {
                return comma;
            }
        }
        return text.length();
    }

    private static void readOption(
            String option, Map<String, String> values, List<String> problems, List<String> repeated) {
        int equals = option.indexOf('=');
        String key = equals < 0 ? "" : option.substring(0, equals).strip();
        String value = option.substring(equals + 1).strip();
        if (!isKey(key)) {
            problems.add("agent argument '" + shown(option.strip()) + "' is refused because it is not key=value: write"
                    + " -javaagent:lowrank4j-agent.jar=rank=8,layers=dense1:dense2, for example");
            return;
        }
        String earlier = values.put(key, value);
        if (earlier != null && earlier.equals(value)) {
            repeated.add("agent argument '" + key + "' is given more than once");
        } else if (earlier != null) {
            problems.add("agent argument '" + key + "' is given more than once, with different values: keep one");
        }
    }

    /** What the user wrote, on one line of a message. */
    static String shown(String text) {
        String start = text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN) + "...";
        return start.replaceAll("\\p{Cntrl}", " ");
    }

    /** A word, or a word and the layers that it is for. */
    private static boolean isKey(String text) {
        int end = 0;
        while (end < text.length() && isWord(text.charAt(end))) {
            end++;
        }
        boolean layers = end < text.length() - 1 && text.charAt(end) == '@' && text.indexOf(',') < 0;
        return end > 0 && (end == text.length() || layers);
    }

    private static boolean isWord(char letter) {
        return Character.isLetterOrDigit(letter) || letter == '.' || letter == '-' || letter == '_';
    }
}
