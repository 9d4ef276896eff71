package org.lowrank4j.tests.bench;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.lowrank4j.tests.pages.Chart;
import org.lowrank4j.tests.pages.Chart.Axis;
import org.lowrank4j.tests.pages.Chart.Legend;
import org.lowrank4j.tests.pages.Chart.Line;
import org.lowrank4j.tests.pages.Chart.Mark;
import org.lowrank4j.tests.pages.Spread;

/** Findings relative to their budgets, which are the same line for all: a dot a row, from the least to the greatest value. */
final class BudgetChart {

    /** All above it ends the picture. */
    private static final double MOST = 2;

    private static final int MET = 2;
    private static final int MISSED = 3;

    private BudgetChart() {}

    static Chart of(String title, List<Finding> findings) {
        Axis down = Axis.of(findings.stream().map(BudgetChart::name).toList());
        Chart chart = new Chart(title, new Axis("part of the budget", 0, MOST, false), down, Legend.BELOW);
        chart.add(new Line("budget", new double[] {1, 1}, new double[] {down.least(), down.most()}, Mark.DASHES), 0);
        add(chart, "met", findings, true, MET);
        add(chart, "missed", findings, false, MISSED);
        return chart;
    }

    private static void add(Chart chart, String name, List<Finding> findings, boolean met, int colour) {
        int[] rows = IntStream.range(0, findings.size())
                .filter(row -> findings.get(row).met() == met)
                .toArray();
        if (rows.length > 0) {
            double[] y = IntStream.of(rows).asDoubleStream().toArray();
            Line line = new Line(name, parts(findings, rows, Spread::median), y, Mark.POINTS);
            chart.addAcross(
                    line, parts(findings, rows, Spread::least), parts(findings, rows, Spread::greatest), colour);
        }
    }

    private static double[] parts(List<Finding> findings, int[] rows, ToDoubleFunction<Spread> value) {
        return IntStream.of(rows)
                .mapToDouble(row -> part(
                        findings.get(row), value.applyAsDouble(findings.get(row).value())))
                .toArray();
    }

    private static double part(Finding finding, double value) {
        double part = finding.budget() == 0 ? (value == 0 ? 0 : MOST) : value / finding.budget();
        return Math.max(0, Math.min(MOST, part));
    }

    private static String name(Finding finding) {
        return String.format(
                        Locale.ROOT,
                        "%s: %s, %.3g of %.3g %s",
                        finding.setting(),
                        finding.quantity(),
                        finding.value().median(),
                        finding.budget(),
                        finding.unit())
                .strip();
    }
}
