package org.lowrank4j.tests.pages.starts;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.lowrank4j.tests.pages.Curve;

/**
 * One finished run of one arm.
 *
 * @param task what it adapted to
 * @param rate Adam's learning rate
 * @param seed of the order of the batches, of a new output layer and of the factors
 * @param validation loss at the end on digits that were neither trained on nor tested with
 * @param accuracy share of the task's test digits recognised, 0 to 1
 * @param kept share of the base model's own test digits still recognised; NaN for a task with a new output layer
 * @param trained parameters that were trained
 * @param startMillis from the call of fit to the end of the first step, less a later step
 * @param losses training loss of each step
 */
record Measurement(
        Task task,
        double rate,
        int seed,
        double validation,
        double accuracy,
        double kept,
        long trained,
        double startMillis,
        double[] losses) {

    Measurement withTrained(long parameters) {
        return new Measurement(task, rate, seed, validation, accuracy, kept, parameters, startMillis, losses);
    }

    /**
     * The mean of the training loss over all steps. Each step's loss is that of digits before it learns from them, so the
     * mean is low for a rate that is both fast and good in the end.
     */
    double meanLoss() {
        return Arrays.stream(losses).average().orElse(Double.NaN);
    }

    /** The running mean of the training loss after that many steps. */
    double lossAfter(int steps) {
        return Curve.smooth(losses)[steps - 1];
    }

    /** The first step after which the running mean is at most {@code target}; one more than there are if none. */
    int stepsTo(double target) {
        double[] smooth = Curve.smooth(losses);
        for (int i = 0; i < smooth.length; i++) {
            if (smooth[i] <= target) {
                return i + 1;
            }
        }
        return smooth.length + 1;
    }

    /** All of it on one line. */
    String line() {
        return String.format(
                Locale.ROOT,
                "%s,%s,%d,%.6f,%.6f,%.6f,%d,%.3f,%s",
                task.name(),
                rate,
                seed,
                validation,
                accuracy,
                kept,
                trained,
                startMillis,
                Arrays.stream(losses)
                        .mapToObj(loss -> String.format(Locale.ROOT, "%.6f", loss))
                        .collect(Collectors.joining(" ")));
    }

    /** Reads what {@link #line} wrote. */
    static Measurement parse(String line) {
        String[] parts = line.split(",");
        return new Measurement(
                Task.valueOf(parts[0]),
                Double.parseDouble(parts[1]),
                Integer.parseInt(parts[2]),
                Double.parseDouble(parts[3]),
                Double.parseDouble(parts[4]),
                Double.parseDouble(parts[5]),
                Long.parseLong(parts[6]),
                Double.parseDouble(parts[7]),
                Arrays.stream(parts[8].split(" "))
                        .mapToDouble(Double::parseDouble)
                        .toArray());
    }
}
