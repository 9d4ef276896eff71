package org.lowrank4j.examples.digits;

import java.util.ArrayList;
import java.util.List;

/** A text table: first column to the left, all others to the right, as wide as their longest cell. */
final class Table {

    private static final String GAP = "   ";

    private final List<List<String>> rows = new ArrayList<>();

    Table(String... header) {
        rows.add(List.of(header));
    }

    void row(String... cells) {
        if (cells.length != rows.get(0).size()) {
            throw new IllegalArgumentException("A row of " + cells.length + " cells does not fit a header of "
                    + rows.get(0).size() + ".");
        }
        rows.add(List.of(cells));
    }

    /** The table with a line under its header and a line break at the end of each line. */
    String format() {
        int columns = rows.get(0).size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int column = 0; column < columns; column++) {
                widths[column] = Math.max(widths[column], row.get(column).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < rows.size(); i++) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < columns; column++) {
                String cell = rows.get(i).get(column);
                String padding = " ".repeat(widths[column] - cell.length());
                line.append(column == 0 ? "" : GAP).append(column == 0 ? cell + padding : padding + cell);
            }
            text.append(line.toString().stripTrailing()).append('\n');
            if (i == 0) {
                text.append("-".repeat(line.length())).append('\n');
            }
        }
        return text.toString();
    }
}
