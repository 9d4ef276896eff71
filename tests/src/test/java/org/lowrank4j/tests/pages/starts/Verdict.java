package org.lowrank4j.tests.pages.starts;

import java.util.Arrays;
import java.util.Locale;
import org.lowrank4j.tests.pages.starts.Claim.Expectation;

/**
 * Whether the runs show what a claim leads one to expect.
 *
 * @param outcome the answer
 * @param numbers the arm's mean against the other's: {@code 47 against 67}
 */
record Verdict(Outcome outcome, String numbers) {

    /** The answer. */
    enum Outcome {
        YES,
        NO,
        /** The difference is not larger than its spread over the seeds. */
        OPEN,
        /** There is nothing to compare in this task. */
        NONE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Compares two arms seed by seed, because a seed gives both the same batches.
     *
     * @param arm the arm's values, one per seed
     * @param other the other's, in the same order
     * @param steps how many steps the runs had
     */
    static Verdict of(Claim.Check check, double[] arm, double[] other, int steps) {
        Metric metric = check.metric();
        if (Arrays.stream(arm).anyMatch(Double::isNaN) || Arrays.stream(other).anyMatch(Double::isNaN)) {
            return new Verdict(Outcome.NONE, "");
        }
        double[] gain = new double[arm.length];
        for (int i = 0; i < gain.length; i++) {
            gain[i] = metric.lowerIsBetter() ? other[i] - arm[i] : arm[i] - other[i];
        }
        Spread spread = Spread.of(gain);
        boolean clear = Math.abs(spread.mean()) > spread.deviation();
        Outcome outcome;
        if (check.expectation() == Expectation.NOT_WORSE) {
            outcome = clear && spread.mean() < 0 ? Outcome.NO : Outcome.YES;
        } else if (!clear) {
            outcome = Outcome.OPEN;
        } else {
            outcome = spread.mean() > 0 ? Outcome.YES : Outcome.NO;
        }
        return new Verdict(outcome, mean(metric, arm, steps) + " against " + mean(metric, other, steps));
    }

    private static String mean(Metric metric, double[] values, int steps) {
        double mean = Spread.of(values).mean();
        return metric.form() == Metric.Form.STEPS && mean > steps
                ? "> " + steps
                : metric.form().number(mean);
    }

    /** For a cell: {@code yes (47 against 67)}. */
    String cell() {
        return outcome == Outcome.NONE ? "" : outcome + " (" + numbers + ")";
    }
}
