package org.lowrank4j.tests.pages.merging;

import java.util.List;

/**
 * What was measured.
 *
 * @param base accuracy of the base on upright test digits, 0 to 1
 * @param rows of the table, in its order
 * @param reconstructions one per basis, from the smallest
 */
record Results(double base, List<Row> rows, List<Reconstruction> reconstructions) {

    /** The rows of one kind, in their order. */
    List<Row> of(Row.Kind kind) {
        return rows.stream().filter(row -> row.kind() == kind).toList();
    }

    /** The row of a way to merge into one. */
    Row of(Way way) {
        return of(Row.Kind.ONE).stream()
                .filter(row -> row.title().equals(way.title))
                .findFirst()
                .orElseThrow();
    }

    /** The adapters as they are, which the others are measured against. */
    Row separate() {
        return of(Row.Kind.SEPARATE).get(0);
    }
}
