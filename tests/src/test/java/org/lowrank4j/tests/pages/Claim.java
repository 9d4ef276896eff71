package org.lowrank4j.tests.pages;

import java.util.Locale;
import java.util.function.DoubleFunction;

/**
 * What a paper, or algebra, leads one to expect, and whether the numbers bear it out.
 *
 * @param statement the expectation
 * @param numbers what was seen
 */
public record Claim(String statement, Outcome outcome, String numbers) {

    /** The answer. */
    public enum Outcome {
        YES,
        NO,
        /** The difference is not larger than its spread over the seeds. */
        OPEN;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Whether some numbers are higher than others, compared seed by seed, because a seed gives both the same digits.
     *
     * @param margin by how much they are to be higher, 0 or more
     */
    public static Claim higher(
            String statement, DoubleFunction<String> form, double[] these, double[] others, double margin) {
        double[] gain = new double[these.length];
        for (int i = 0; i < gain.length; i++) {
            gain[i] = these[i] - others[i] - margin;
        }
        return new Claim(statement, clear(Spread.of(gain)), against(form, these, others));
    }

    /** Whether some numbers are lower than others. */
    public static Claim lower(String statement, DoubleFunction<String> form, double[] these, double[] others) {
        Outcome outcome = higher(statement, form, others, these, 0).outcome();
        return new Claim(statement, outcome, against(form, these, others));
    }

    /**
     * Whether some numbers are as high as others: refuted only if they are lower by more than the spread, and than what is
     * allowed.
     *
     * @param allowed how much lower they may be
     */
    public static Claim asHigh(
            String statement, DoubleFunction<String> form, double[] these, double[] others, double allowed) {
        Outcome outcome = higher(statement, form, these, others, -allowed).outcome();
        return new Claim(
                statement,
                outcome == Outcome.OPEN && allowed == 0 ? Outcome.YES : outcome,
                against(form, these, others));
    }

    /** Whether some numbers are as low as others: refuted only if they are higher by more than the spread. */
    public static Claim asLow(String statement, DoubleFunction<String> form, double[] these, double[] others) {
        Outcome outcome = asHigh(statement, form, others, these, 0).outcome();
        return new Claim(statement, outcome, against(form, these, others));
    }

    /** Whether something was seen or not, with no spread to speak of. */
    public static Claim seen(String statement, boolean holds, String numbers) {
        return new Claim(statement, holds ? Outcome.YES : Outcome.NO, numbers);
    }

    private static Outcome clear(Spread gain) {
        if (Math.abs(gain.mean()) <= gain.deviation() || gain.mean() == 0) {
            return Outcome.OPEN;
        }
        return gain.mean() > 0 ? Outcome.YES : Outcome.NO;
    }

    private static String against(DoubleFunction<String> form, double[] these, double[] others) {
        return form.apply(Spread.of(these).mean()) + " against "
                + form.apply(Spread.of(others).mean());
    }
}
