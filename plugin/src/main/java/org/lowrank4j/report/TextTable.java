package org.lowrank4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A table of aligned columns in plain text. Columns that would make a line too long are cut, widest first. */
public final class TextTable {

    private static final String GAP = "  ";

    private final List<List<String>> rows = new ArrayList<>();
    private final Set<Integer> rightAligned;

    /** @param rightAligned indices of the columns of numbers, which are never cut */
    public TextTable(List<String> header, Set<Integer> rightAligned) {
        rows.add(List.copyOf(header));
        this.rightAligned = Set.copyOf(rightAligned);
    }

    /**
     * Adds a row.
     *
     * @throws IllegalArgumentException if it has not one cell per column
     */
    public void add(List<String> row) {
        if (row.size() != rows.get(0).size()) {
            throw new IllegalArgumentException("a row has " + rows.get(0).size() + " cells, not " + row.size());
        }
        rows.add(List.copyOf(row));
    }

    /** The header and all rows, each at most {@code width} characters long unless numbers alone need more. */
    public List<String> lines(int width) {
        int[] widths = widths(width);
        return rows.stream().map(row -> line(row, widths)).toList();
    }

    private int[] widths(int width) {
        int columns = rows.get(0).size();
        int[] widths = new int[columns];
        int total = GAP.length() * columns;
        for (int column = 0; column < columns; column++) {
            for (List<String> row : rows) {
                widths[column] = Math.max(widths[column], row.get(column).length());
            }
            total += widths[column];
        }
        while (total > width) {
            int widest = widestText(widths);
            if (widths[widest] <= 1) {
                break;
            }
            widths[widest]--;
            total--;
        }
        return widths;
    }

    private int widestText(int[] widths) {
        int widest = -1;
        for (int column = 0; column < widths.length; column++) {
            if (!rightAligned.contains(column) && (widest < 0 || widths[column] > widths[widest])) {
                widest = column;
            }
        }
        return Math.max(widest, 0);
    }

    private String line(List<String> row, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < widths.length; column++) {
            String cell = row.get(column);
            String shown = cell.length() <= widths[column] ? cell : cell.substring(0, widths[column] - 1) + "~";
            String padding = " ".repeat(widths[column] - shown.length());
            line.append(GAP).append(rightAligned.contains(column) ? padding + shown : shown + padding);
        }
        return line.toString().stripTrailing();
    }
}
