package org.lowrank4j.rule;

/** A text in which {@code *} stands for any text. Matching takes no longer than the lengths multiplied. */
final class Glob {

    private final String[] literals;

    Glob(String text) {
        literals = text.split("\\*", -1);
    }

    /** Whether this stands for the whole text: the literals follow each other in it, as far to the left as they can. */
    boolean matches(String text) {
        String first = literals[0];
        String last = literals[literals.length - 1];
        if (literals.length == 1) {
            return text.equals(first);
        }
        if (!text.startsWith(first) || !text.endsWith(last)) {
            return false;
        }
        int at = first.length();
        for (int i = 1; i < literals.length - 1; i++) {
            int found = text.indexOf(literals[i], at);
            if (found < 0) {
                return false;
            }
            at = found + literals[i].length();
        }
        return at <= text.length() - last.length();
    }
}
