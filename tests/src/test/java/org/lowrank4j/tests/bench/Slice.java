package org.lowrank4j.tests.bench;

import java.util.Arrays;
import java.util.Locale;

/**
 * One contestant's turn.
 *
 * @param steps how many were run
 * @param wall median milliseconds a step
 * @param fastestWall milliseconds of the fastest step
 * @param cpu median milliseconds of the training thread's CPU time a step; NaN where it is not known
 */
record Slice(int steps, double wall, double fastestWall, double cpu) {

    /** From all steps of a turn, in nanoseconds. */
    static Slice of(long[] wallNanos, long[] cpuNanos) {
        return new Slice(
                wallNanos.length,
                median(wallNanos) / 1e6,
                Arrays.stream(wallNanos).min().orElseThrow() / 1e6,
                median(cpuNanos) / 1e6);
    }

    private static double median(long[] values) {
        return Spread.of(Arrays.stream(values).asDoubleStream().toArray()).median();
    }

    /** As one line, for {@link #parse}. */
    String format() {
        return String.format(Locale.ROOT, "%d %.6f %.6f %.6f", steps, wall, fastestWall, cpu);
    }

    static Slice parse(String line) {
        String[] words = line.split(" ");
        if (words.length != 4) {
            throw new IllegalArgumentException("'" + line + "' is not a slice: steps, wall, fastest wall, cpu.");
        }
        return new Slice(
                Integer.parseInt(words[0]),
                Double.parseDouble(words[1]),
                Double.parseDouble(words[2]),
                Double.parseDouble(words[3]));
    }
}
