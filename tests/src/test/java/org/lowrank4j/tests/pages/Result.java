package org.lowrank4j.tests.pages;

import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * What one arm measured on one task.
 *
 * @param arm as it was asked for, with all rates that it could choose from
 * @param runs those with the chosen rate, by seed
 * @param said the lines of its error stream, where the agent reports
 */
public record Result(Arm arm, List<Run> runs, List<String> said) {

    public String name() {
        return arm.name();
    }

    public double rate() {
        return runs.get(0).rate();
    }

    /** For a page: the rate, with a star if a better one may lie beyond the grid. */
    public String shownRate() {
        return RateGrid.shown(rate()) + (arm.rates().isEdge(rate()) ? " *" : "");
    }

    /** A number of each run. */
    public double[] values(ToDoubleFunction<Run> number) {
        return runs.stream().mapToDouble(number).toArray();
    }

    /** The mean of a number over the runs. */
    public double mean(ToDoubleFunction<Run> number) {
        return Spread.of(values(number)).mean();
    }

    /** The mean over the runs of what they have for each step. */
    public double[] meanCurve(Function<Run, double[]> curve) {
        double[] mean = new double[curve.apply(runs.get(0)).length];
        for (Run run : runs) {
            double[] values = curve.apply(run);
            for (int i = 0; i < mean.length; i++) {
                mean[i] += values[i] / runs.size();
            }
        }
        return mean;
    }
}
