package org.lowrank4j.tests.pages.tables;

import java.util.List;

/** A table in Markdown; its cells are Markdown themselves. */
final class Table {

    private final StringBuilder lines = new StringBuilder();

    Table(List<String> columns) {
        row(columns);
        lines.append("|").append("---|".repeat(columns.size())).append('\n');
    }

    void row(List<String> cells) {
        lines.append('|');
        cells.forEach(cell -> lines.append(cell.isEmpty() ? " |" : " " + cell + " |"));
        lines.append('\n');
    }

    @Override
    public String toString() {
        return lines.toString();
    }
}
