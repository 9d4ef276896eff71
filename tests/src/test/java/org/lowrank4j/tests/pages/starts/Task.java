package org.lowrank4j.tests.pages.starts;

import digits.DigitSet;
import digits.Domain;
import java.util.Locale;

/** What the base model, which knows the upright digits 0 to 4, is adapted to. */
enum Task {
    /** Digits it has never seen, with a new output layer. */
    OTHER_DIGITS("Other digits", "the digits 5 to 9, with a new output layer", 5, 9, Domain.UPRIGHT, true),
    /** The digits it knows, turned by 90 degrees; its output layer stays and is trained on. */
    SHIFTED_DOMAIN(
            "Shifted domain",
            "the digits 0 to 4 turned by 90 degrees, with the output layer kept",
            0,
            4,
            Domain.ROTATED,
            false);

    /** The digits of the base model. */
    static final int LEAST_KNOWN = 0;

    static final int MOST_KNOWN = 4;

    final String title;
    final String meaning;

    /** Whether the output layer starts anew; then there is no old accuracy to keep. */
    final boolean newHead;

    private final int least;
    private final int most;
    private final Domain domain;

    Task(String title, String meaning, int least, int most, Domain domain, boolean newHead) {
        this.title = title;
        this.meaning = meaning;
        this.least = least;
        this.most = most;
        this.domain = domain;
        this.newHead = newHead;
    }

    /** This task's share of the digits, as the task shows them. */
    DigitSet of(DigitSet digits) {
        return digits.between(least, most).in(domain);
    }

    /** The name as written in files: {@code other-digits}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
