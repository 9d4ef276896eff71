package org.lowrank4j.tests.pages.chart;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.lowrank4j.tests.pages.Curve;
import org.lowrank4j.tests.pages.chart.Chart.Axis;
import org.lowrank4j.tests.pages.chart.Chart.Legend;
import org.lowrank4j.tests.pages.chart.Chart.Line;
import org.lowrank4j.tests.pages.chart.Chart.Mark;

/** Learning curves: the smoothed curve bold over the raw one faint. */
public final class LearningCurveChart {

    private LearningCurveChart() {}

    /** A chart of curves of one or more steps; longer ones set the width. */
    public static Chart of(String title, List<Curve> curves) {
        int steps =
                curves.stream().mapToInt(curve -> curve.losses().length).max().orElse(1);
        double top = top(curves);
        Chart chart = new Chart(
                title,
                new Axis("training step (batches of 64)", 0, steps, false),
                new Axis("training loss (bold: running mean, faint: each step)", -top / 100, top, false),
                Legend.UPPER_RIGHT);
        for (Curve curve : curves) {
            double[] x = IntStream.rangeClosed(1, curve.losses().length)
                    .asDoubleStream()
                    .toArray();
            chart.add(new Line(curve.title(), x, Curve.smooth(curve.losses()), Mark.LINE));
            chart.add(new Line(curve.title(), x, curve.losses(), Mark.FAINT));
        }
        return chart;
    }

    /**
     * The highest loss shown. The first steps of a new domain can lie far above all others and would flatten the rest,
     * so it is three times the loss of the slowest curve after a tenth of the steps; higher parts are cut off.
     */
    private static double top(List<Curve> curves) {
        double highest = 0;
        for (Curve curve : curves) {
            double[] smooth = Curve.smooth(curve.losses());
            double start = Arrays.stream(smooth).max().orElse(0);
            highest = Math.max(highest, Math.min(start, 3 * smooth[smooth.length / 10]));
        }
        return highest > 0 ? highest : 1;
    }
}
