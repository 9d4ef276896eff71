package org.lowrank4j.tests.pages.published;

import digits.AgentReport;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.lowrank4j.tests.pages.Curve;

/**
 * One network that was trained.
 *
 * @param rate the updater's learning rate
 * @param seed of its start and of the order of the digits
 * @param validationLoss at the end, on digits that were neither trained on nor tested with
 * @param validationAccuracy on the same, 0 to 1
 * @param trained parameters that were trained
 * @param stateBytes bytes of gradient and updater state
 * @param peakBytes the most memory of its JVM until its end; 0 if unknown
 * @param accuracy share of the test digits recognised at the end, 0 to 1
 * @param losses training loss of each step
 * @param seconds processor time until the end of each step
 */
record Run(
        double rate,
        int seed,
        double validationLoss,
        double validationAccuracy,
        long trained,
        long stateBytes,
        long peakBytes,
        double accuracy,
        double[] losses,
        double[] seconds) {

    /** What the agent said it trains, instead of what DL4J itself would train. */
    Run as(AgentReport report) {
        return new Run(
                rate,
                seed,
                validationLoss,
                validationAccuracy,
                report.trainable(),
                report.trainingBytes(),
                peakBytes,
                accuracy,
                losses,
                seconds);
    }

    /** The mean of the training loss over all steps, low for a rate that is both fast and good in the end. */
    double meanLoss() {
        return Arrays.stream(losses).average().orElse(Double.NaN);
    }

    /** The running mean of the training loss after that many steps, from 1. */
    double lossAfter(int steps) {
        return Curve.smooth(losses)[steps - 1];
    }

    /** Steps that were done within that processor time. */
    int stepsWithin(double limit) {
        return (int) Arrays.stream(seconds).takeWhile(time -> time <= limit).count();
    }

    /** Processor time of the whole training in seconds. */
    double time() {
        return seconds[seconds.length - 1];
    }

    /** All of it on one line. */
    String line() {
        return String.format(
                Locale.ROOT,
                "%s,%d,%.6f,%.6f,%d,%d,%d,%.6f,%s,%s",
                rate,
                seed,
                validationLoss,
                validationAccuracy,
                trained,
                stateBytes,
                peakBytes,
                accuracy,
                list(losses),
                list(seconds));
    }

    private static String list(double[] values) {
        return Arrays.stream(values)
                .mapToObj(value -> String.format(Locale.ROOT, "%.6f", value))
                .collect(Collectors.joining(" "));
    }

    /** Reads what {@link #line} wrote. */
    static Run parse(String line) {
        String[] parts = line.split(",");
        return new Run(
                Double.parseDouble(parts[0]),
                Integer.parseInt(parts[1]),
                Double.parseDouble(parts[2]),
                Double.parseDouble(parts[3]),
                Long.parseLong(parts[4]),
                Long.parseLong(parts[5]),
                Long.parseLong(parts[6]),
                Double.parseDouble(parts[7]),
                list(parts[8]),
                list(parts[9]));
    }

    private static double[] list(String text) {
        return Arrays.stream(text.split(" ")).mapToDouble(Double::parseDouble).toArray();
    }
}
