package org.lowrank4j.tests.pages.starts;

import java.util.List;

/**
 * What a paper says about a start.
 *
 * @param arm the row it is about
 * @param source the paper
 * @param text what it says, in our words
 * @param checks what would be seen here if it held here too
 */
record Claim(String arm, String source, String text, List<Check> checks) {

    /** What the arm is expected to be, compared with another. */
    enum Expectation {
        BETTER,
        /** At least as good, up to the spread. */
        NOT_WORSE
    }

    /**
     * One comparison.
     *
     * @param metric what is compared
     * @param than the other arm
     */
    record Check(Metric metric, Expectation expectation, String than) {}
}
