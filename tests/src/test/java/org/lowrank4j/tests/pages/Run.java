package org.lowrank4j.tests.pages;

import digits.AgentReport;
import digits.Result;
import java.util.Arrays;

/**
 * One network that was trained.
 *
 * @param rate the updater's learning rate
 * @param seed of its start and of the order of the digits
 * @param validationLoss at the end, on digits that were neither trained on nor tested with
 * @param validationAccuracy on the same, 0 to 1; NaN if there are none
 * @param accuracy share of the task's test digits recognised at the end, 0 to 1
 * @param kept the same of the test digits that it knew before; NaN if nobody asked
 * @param trained parameters that were trained
 * @param stateBytes bytes of gradient and updater state
 * @param peakBytes the most memory of its JVM until its end; 0 if unknown
 * @param startMillis from the call of fit to the end of the first step, less a later step
 * @param losses training loss of each step
 * @param seconds processor time until the end of each step
 */
public record Run(
        double rate,
        int seed,
        double validationLoss,
        double validationAccuracy,
        double accuracy,
        double kept,
        long trained,
        long stateBytes,
        long peakBytes,
        double startMillis,
        double[] losses,
        double[] seconds) {

    /** What the agent said it trains, instead of what DL4J itself would train. */
    Run as(AgentReport report) {
        return new Run(
                rate,
                seed,
                validationLoss,
                validationAccuracy,
                accuracy,
                kept,
                report.trainable(),
                report.trainingBytes(),
                peakBytes,
                startMillis,
                losses,
                seconds);
    }

    /**
     * The mean of the training loss over all steps. Each step's loss is that of digits before it learns from them, so the
     * mean is low for a rate that is both fast and good in the end.
     */
    public double meanLoss() {
        return Arrays.stream(losses).average().orElse(Double.NaN);
    }

    /** The running mean of the training loss after that many steps, from 1. */
    public double lossAfter(int steps) {
        return Result.smooth(losses)[steps - 1];
    }

    /** The first step after which the running mean is at most {@code target}; one more than there are if none. */
    public int stepsTo(double target) {
        double[] smooth = Result.smooth(losses);
        int step = 0;
        while (step < smooth.length && smooth[step] > target) {
            step++;
        }
        return step + 1;
    }

    /** Steps that were done within that processor time. */
    public int stepsWithin(double limit) {
        return (int) Arrays.stream(seconds).takeWhile(time -> time <= limit).count();
    }

    /** Processor time of the whole training in seconds. */
    public double time() {
        return seconds[seconds.length - 1];
    }
}
