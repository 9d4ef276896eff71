package org.lowrank4j.adapter;

/** A text that may be looked at a limited number of times, so that no regular expression can run for ever on it. */
final class Budget implements CharSequence {

    private static final int LOOKS = 1_000_000;

    private final CharSequence text;
    private final int[] left;

    Budget(CharSequence text) {
        this(text, new int[] {LOOKS});
    }

    private Budget(CharSequence text, int[] left) {
        this.text = text;
        this.left = left;
    }

    /** Thrown when the looks are used up. */
    static final class Spent extends RuntimeException {
        private static final long serialVersionUID = 1L;
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
