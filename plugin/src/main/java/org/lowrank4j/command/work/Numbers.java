package org.lowrank4j.command.work;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;

/** How numbers and shapes look in results. */
final class Numbers {

    private Numbers() {}

    /** Four significant digits. */
    static String shown(double number) {
        return String.format(Locale.ROOT, "%.4g", number);
    }

    /** With thousands separated. */
    static String shown(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }

    /** A count with its noun. */
    static String counted(long count, String one, String several) {
        return shown(count) + " " + (count == 1 ? one : several);
    }

    static String shape(INDArray array) {
        return Arrays.stream(array.shape()).mapToObj(Long::toString).collect(Collectors.joining("x"));
    }

    static String matrix(long rows, long columns) {
        return rows + "x" + columns;
    }
}
