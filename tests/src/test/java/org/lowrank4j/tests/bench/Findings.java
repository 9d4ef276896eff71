package org.lowrank4j.tests.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** All findings of a run, as a table and as JSON. */
final class Findings {

    private final List<Finding> all = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    void add(Finding finding) {
        all.add(finding);
        System.out.printf(
                Locale.ROOT,
                "  %-42s %-34s %s %s%n",
                finding.setting(),
                finding.quantity(),
                finding.value().format(decimals(finding)),
                finding.unit());
    }

    /** Something that was not measured, and why. */
    void note(String text) {
        notes.add(text);
        System.out.println("  " + text);
    }

    List<Finding> all() {
        return List.copyOf(all);
    }

    List<String> notes() {
        return List.copyOf(notes);
    }

    /** The findings as a text table, columns as wide as their longest cell. */
    String table() {
        List<String[]> rows = new ArrayList<>();
        rows.add(new String[] {"part", "setting", "quantity", "median", "min", "max", "unit", "budget", ""});
        for (Finding finding : all) {
            int decimals = decimals(finding);
            rows.add(new String[] {
                finding.part(),
                finding.setting(),
                finding.quantity(),
                number(finding.value().median(), decimals),
                number(finding.value().least(), decimals),
                number(finding.value().greatest(), decimals),
                finding.unit(),
                finding.hasBudget() ? "<= " + number(finding.budget(), decimals) : "",
                finding.verdict()
            });
        }
        int[] widths = new int[rows.get(0).length];
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], row[i].length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (String[] row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.length; i++) {
                String padding = " ".repeat(widths[i] - row[i].length());
                boolean isNumber = i >= 3 && i <= 5;
                line.append(isNumber ? padding + row[i] : row[i] + padding).append("  ");
            }
            text.append(line.toString().stripTrailing()).append('\n');
            if (row == rows.get(0)) {
                text.append("-".repeat(Arrays.stream(widths).sum() + 2 * widths.length - 2))
                        .append('\n');
            }
        }
        notes.forEach(note -> text.append(note).append('\n'));
        return text.toString();
    }

    private static int decimals(Finding finding) {
        return finding.unit().isEmpty() || finding.unit().equals("ns")
                ? 3
                : finding.unit().equals("count") ? 0 : 2;
    }

    private static String number(double value, int decimals) {
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }
}
