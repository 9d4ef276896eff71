package org.lowrank4j.rule;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.lowrank4j.method.Excerpt;

/**
 * A regular expression of unknown origin. It has at most {@value #LONGEST} characters, and may look at a text only so
 * often, so that none can run for ever ({@code (a+)+b} on a row of a's) or exhaust the stack.
 */
public final class BoundedPattern {

    static final int LONGEST = 1000;
    private static final int LOOKS = 1_000_000;

    private final Pattern pattern;

    private BoundedPattern(Pattern pattern) {
        this.pattern = pattern;
    }

    /**
     * Compiles an expression.
     *
     * @throws IllegalArgumentException if it is none that can be read here, with the reason
     */
    public static BoundedPattern compile(String expression) {
        return compile("", expression, "");
    }

    /** The same with something before and after the expression as a group. */
    public static BoundedPattern compile(String before, String expression, String after) {
        if (expression.length() > LONGEST) {
            throw new IllegalArgumentException("the pattern '" + Excerpt.of(expression) + "' is too long: at most "
                    + LONGEST + " characters are read");
        }
        try {
            return new BoundedPattern(Pattern.compile(before + "(?:" + expression + ")" + after));
        } catch (PatternSyntaxException invalid) {
            throw new IllegalArgumentException(
                    "'" + Excerpt.of(expression) + "' is no valid regular expression (" + invalid.getDescription()
                            + ")",
                    invalid);
        }
    }

    /**
     * Whether the expression stands for the whole text.
     *
     * @throws IllegalArgumentException if it takes too long, or too much of the stack, to tell
     */
    public boolean matches(CharSequence text) {
        try {
            return pattern.matcher(new Budget(text, new int[] {LOOKS})).matches();
        } catch (Spent | StackOverflowError hostile) {
            throw new IllegalArgumentException(
                    "the pattern '" + Excerpt.of(pattern.pattern()) + "' takes too long to match '" + Excerpt.of(text)
                            + "'",
                    hostile);
        }
    }

    /** A text that may be looked at a limited number of times. */
    private static final class Budget implements CharSequence {

        private final CharSequence text;
        private final int[] left;

        private Budget(CharSequence text, int[] left) {
            this.text = text;
            this.left = left;
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public char charAt(int index) {
            if (left[0]-- <= 0) {
                throw new Spent();
            }
            return text.charAt(index);
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return new Budget(text.subSequence(start, end), left);
        }

        @Override
        public String toString() {
            return text.toString();
        }
    }

    /** Thrown when the looks are used up. */
    private static final class Spent extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }
}
