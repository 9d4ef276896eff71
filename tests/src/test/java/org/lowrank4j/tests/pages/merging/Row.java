package org.lowrank4j.tests.pages.merging;

import java.util.Arrays;

/**
 * One row of the table.
 *
 * @param kind what it is for
 * @param title the way
 * @param settings what it was done with
 * @param numbers that have to be kept
 * @param accuracies of the tasks, 0 to 1
 */
record Row(Kind kind, String title, String settings, long numbers, double[] accuracies) {

    /** What a row stands for. */
    enum Kind {
        BASE("base", "", false),
        /** One adapter for all tasks. */
        ONE("one adapter for all tasks", "one adapter for all tasks", false),
        /** A reversible merge: each task has its own adapter again. */
        REVERSIBLE("RMM, p = 1, 2, ...", "each task its own, rebuilt from a merge", true),
        /** Each adapter cut to a lower rank by itself. */
        TRUNCATED("each cut to a lower rank", "each task its own", true),
        /** The adapters as they are. */
        SEPARATE("separate adapters", "", false);

        /** In the chart. */
        final String title;

        /** Above its rows in the table; empty for none. */
        final String heading;

        /** Whether its rows are points of one line. */
        final boolean line;

        Kind(String title, String heading, boolean line) {
            this.title = title;
            this.heading = heading;
            this.line = line;
        }
    }

    double mean() {
        return Accuracy.mean(accuracies);
    }

    double worst() {
        return Arrays.stream(accuracies).min().orElseThrow();
    }

    /** Storage in parts of another row's. */
    double storage(Row all) {
        return (double) numbers / all.numbers;
    }
}
