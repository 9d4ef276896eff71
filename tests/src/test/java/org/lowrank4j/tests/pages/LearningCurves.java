package org.lowrank4j.tests.pages;

import digits.Result;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.lowrank4j.tests.pages.Chart.Axis;
import org.lowrank4j.tests.pages.Chart.Legend;
import org.lowrank4j.tests.pages.Chart.Line;
import org.lowrank4j.tests.pages.Chart.Mark;

/** Learning curves: the smoothed curve bold over the raw one faint. */
public final class LearningCurves {

    private LearningCurves() {}

    /**
     * A chart; longer curves set the width.
     *
     * @param curves by name, the loss of each of one or more steps
     */
    public static Chart of(String title, Map<String, double[]> curves) {
        int steps =
                curves.values().stream().mapToInt(losses -> losses.length).max().orElse(1);
        double top = top(curves.values());
        Chart chart = new Chart(
                title,
                new Axis("training step (batches of 64)", 0, steps, false),
                new Axis("training loss (bold: running mean, faint: each step)", -top / 100, top, false),
                Legend.UPPER_RIGHT);
        curves.forEach((name, losses) -> {
            double[] x =
                    IntStream.rangeClosed(1, losses.length).asDoubleStream().toArray();
            chart.add(new Line(name, x, Result.smooth(losses), Mark.LINE));
            chart.add(new Line(name, x, losses, Mark.FAINT));
        });
        return chart;
    }

    /**
     * The highest loss shown. The first steps of a new domain can lie far above all others and would flatten the rest,
     * so it is three times the loss of the slowest curve after a tenth of the steps; higher parts are cut off.
     */
    private static double top(Iterable<double[]> curves) {
        double highest = 0;
        for (double[] losses : curves) {
            double[] smooth = Result.smooth(losses);
            double start = Arrays.stream(smooth).max().orElse(0);
            highest = Math.max(highest, Math.min(start, 3 * smooth[smooth.length / 10]));
        }
        return highest > 0 ? highest : 1;
    }
}
