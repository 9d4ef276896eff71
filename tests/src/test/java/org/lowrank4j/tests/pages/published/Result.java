package org.lowrank4j.tests.pages.published;

import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.lowrank4j.tests.pages.starts.RateGrid;

/**
 * What one arm measured.
 *
 * @param arm as it was asked for, with all rates that it could choose from
 * @param runs those with the chosen rate, by seed
 * @param said the agent's lines of the last of them
 */
record Result(Arm arm, List<Run> runs, List<String> said) {

    String name() {
        return arm.name();
    }

    double rate() {
        return runs.get(0).rate();
    }

    /** For a page: the rate, with a star if a better one may lie beyond the grid. */
    String shownRate() {
        return RateGrid.shown(rate()) + (arm.rates().isEdge(rate()) ? " *" : "");
    }

    /** A number of each run. */
    double[] values(ToDoubleFunction<Run> number) {
        return runs.stream().mapToDouble(number).toArray();
    }

    /** The mean over the runs of what they have for each step. */
    double[] meanCurve(Function<Run, double[]> curve) {
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
