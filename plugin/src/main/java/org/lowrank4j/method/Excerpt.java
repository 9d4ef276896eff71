package org.lowrank4j.method;

import java.util.Collection;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Shows text that users and files bring in messages: on one line, however much there is of it. */
public final class Excerpt {

    private static final int LONGEST = 120;
    private static final int MOST_NAMES = 12;

    private Excerpt() {}

    /** The text, or its beginning and its length, without control characters. */
    public static String of(@Nullable Object text) {
        String whole = String.valueOf(text);
        boolean fits = whole.length() <= LONGEST;
        String shown = printable(fits ? whole : whole.substring(0, LONGEST));
        return fits ? shown : shown + "... (" + whole.length() + " characters)";
    }

    /** The first names with commas between them, and how many more there are. */
    public static String of(Collection<String> names) {
        String first = names.stream().limit(MOST_NAMES).map(Excerpt::of).collect(Collectors.joining(", "));
        int more = names.size() - MOST_NAMES;
        return more > 0 ? first + " and " + more + " more" : first;
    }

    private static String printable(String text) {
        StringBuilder shown = new StringBuilder(text);
        for (int i = 0; i < shown.length(); i++) {
            char letter = shown.charAt(i);
            boolean breaksLine = letter == '\u2028' || letter == '\u2029';
            if (Character.isISOControl(letter) || breaksLine) {
                shown.setCharAt(i, letter == '\n' || letter == '\t' ? ' ' : '?');
            }
        }
        return shown.toString();
    }
}
