package org.lowrank4j.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A table of aligned columns in plain text. Where a line would be too long, the text of the widest columns goes on below:
 * nothing is left out, and words are cut only where all of them would still be too wide.
 */
public final class TextTable {

    private static final String GAP = "  ";
    private static final int NARROWEST = 12;

    /** What may end a line within a word. */
    private static final String MARKS = "/=,";

    private static final Pattern WORDS = Pattern.compile(" |(?=\\()|(?<=[" + MARKS + "])");

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
        int[] words = IntStream.range(0, columns).map(this::longestWord).toArray();
        total = narrow(widths, words, total, width);
        narrow(widths, new int[columns], total, width);
        return widths;
    }

    private int longestWord(int column) {
        return rows.stream()
                .flatMap(row -> WORDS.splitAsStream(row.get(column)))
                .mapToInt(String::length)
                .max()
                .orElse(0);
    }

    /** Takes from the widest texts until the width is reached, or none may be narrower; the new total. */
    private int narrow(int[] widths, int[] least, int total, int width) {
        int now = total;
        while (now > width) {
            int widest = -1;
            for (int column = 0; column < widths.length; column++) {
                if (!rightAligned.contains(column)
                        && widths[column] > Math.max(NARROWEST, least[column])
                        && (widest < 0 || widths[column] > widths[widest])) {
                    widest = column;
                }
            }
            if (widest < 0) {
                break;
            }
            widths[widest]--;
            now--;
        }
        return now;
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

    /** How much of a text goes on one line: up to the end of its last word that fits, if one fits. */
    static int end(String text, int width) {
        if (text.length() <= width) {
            return text.length();
        }
        int end = Math.max(text.lastIndexOf(' ', width), text.lastIndexOf('(', width));
        for (int mark = width - 1; end <= 0 && mark > 0; mark--) {
            end = MARKS.indexOf(text.charAt(mark)) < 0 ? 0 : mark + 1;
        }
        return end > 0 ? end : width;
    }
}
