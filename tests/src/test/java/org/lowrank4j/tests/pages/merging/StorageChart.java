package org.lowrank4j.tests.pages.merging;

import java.util.List;
import org.lowrank4j.tests.pages.Chart;
import org.lowrank4j.tests.pages.Chart.Axis;
import org.lowrank4j.tests.pages.Chart.Legend;
import org.lowrank4j.tests.pages.Chart.Line;
import org.lowrank4j.tests.pages.Chart.Mark;

/** Mean accuracy over storage: a point per row of the table, and lines through those of one kind. */
final class StorageChart {

    /** Accuracies below this are not drawn apart: a guess is right as often. */
    private static final double LEAST = 10;

    private StorageChart() {}

    static Chart of(Results results) {
        double most = results.rows().stream()
                .mapToDouble(row -> row.storage(results.separate()))
                .max()
                .orElseThrow();
        Chart chart = new Chart(
                "Mean accuracy over all tasks",
                new Axis("storage, % of the separate adapters", 0, 25 * Math.ceil(4 * most + 0.2), false),
                new Axis("accuracy, %", LEAST, 100, false),
                Legend.LOWER_RIGHT);
        for (Row.Kind kind : Row.Kind.values()) {
            List<Row> rows = results.of(kind);
            double[] x = rows.stream()
                    .mapToDouble(row -> 100 * row.storage(results.separate()))
                    .toArray();
            double[] y = rows.stream()
                    .mapToDouble(row -> Math.max(LEAST, 100 * row.mean()))
                    .toArray();
            chart.add(new Line(kind.title, x, y, kind.line ? Mark.DOTS : Mark.POINTS));
        }
        return chart;
    }
}
