package org.lowrank4j.tests.pages.rates;

import java.util.Arrays;
import java.util.Map;
import org.lowrank4j.tests.pages.Spread;

/**
 * What one method came to.
 *
 * @param rule all keys but the rate
 * @param steps it trained for
 * @param failure why it did not train; empty if it did
 * @param rate its best one
 * @param edge whether a better one may lie beyond those that were tried
 * @param cost steps that the search took
 * @param accuracies on the test set, of each seed, 0 to 1
 * @param losses the training loss of each step, by seed
 * @param trained numbers
 * @param bytes of gradient, updater state and what the method keeps
 * @param millis processor time of a step
 * @param referenceMillis that of the method with which it is compared, measured by turns
 */
record Outcome(
        Map<String, String> rule,
        int steps,
        String failure,
        double rate,
        boolean edge,
        int cost,
        double[] accuracies,
        double[][] losses,
        long trained,
        double bytes,
        double millis,
        double referenceMillis) {

    static Outcome failed(Contender contender, int steps, String failure) {
        return new Outcome(contender.rule(), steps, failure, 0, false, 0, new double[0], new double[0][], 0, 0, 0, 0);
    }

    boolean isOf(Contender contender, int asked) {
        return steps == asked && rule.equals(contender.rule());
    }

    boolean hasFailed() {
        return !failure.isEmpty();
    }

    /** Whether no seed met a loss that is not finite. */
    boolean converged() {
        return Arrays.stream(losses).allMatch(run -> run.length == steps && Double.isFinite(run[steps - 1]));
    }

    /** The mean loss of the last quarter of the steps, of each seed; NaN for one that diverged. */
    double[] lastLosses() {
        return Arrays.stream(losses)
                .mapToDouble(run -> run.length < steps ? Double.NaN : Race.lastQuarter(run))
                .toArray();
    }

    double accuracy() {
        return Spread.of(accuracies).mean();
    }

    /** The mean over the seeds of some consecutive steps' mean losses; what diverged ends earlier. */
    double[] curve(int window) {
        int shortest = Arrays.stream(losses).mapToInt(run -> run.length).min().orElse(0);
        double[] curve = new double[shortest / window];
        for (double[] run : losses) {
            for (int i = 0; i < curve.length * window; i++) {
                curve[i / window] += run[i] / window / losses.length;
            }
        }
        return curve;
    }
}
