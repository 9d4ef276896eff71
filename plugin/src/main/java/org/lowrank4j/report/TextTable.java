package org.lowrank4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A table of aligned columns in plain text. Where a line would be too long, the text of the widest columns goes on below:
 * nothing is cut.
 */
public final class TextTable {

    private static final String GAP = "  ";
    private static final int NARROWEST = 12;

    private final List<List<String>> rows = new ArrayList<>();
    private final Set<Integer> rightAligned;

    /** @param rightAligned indices of the columns of numbers, which stay on one line */
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
        return rows.stream().flatMap(row -> lines(row, widths).stream()).toList();
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
            if (widths[widest] <= NARROWEST) {
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

    private List<String> lines(List<String> row, int[] widths) {
        List<String> lines = new ArrayList<>();
        List<String> rest = new ArrayList<>(row);
        do {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < widths.length; column++) {
                String cell = rest.get(column);
                int end = end(cell, widths[column]);
                String shown = cell.substring(0, end).stripTrailing();
                rest.set(column, cell.substring(end).stripLeading());
                String padding = " ".repeat(widths[column] - shown.length());
                line.append(GAP).append(rightAligned.contains(column) ? padding + shown : shown + padding);
            }
            lines.add(line.toString().stripTrailing());
        } while (rest.stream().anyMatch(cell -> !cell.isEmpty()));
        return lines;
    }

    /** How much of a cell goes on one line: up to its last space or bracket that fits, if there is one. */
    private static int end(String cell, int width) {
        if (cell.length() <= width) {
            return cell.length();
        }
        int end = Math.max(cell.lastIndexOf(' ', width), cell.lastIndexOf('(', width));
        return end > 0 ? end : width;
    }
}
