package org.lowrank4j.tests.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.lowrank4j.tests.pages.Spread;

/**
 * How fast something grows: the median of the slopes between all pairs of points (Theil and Sen). Single outliers do not
 * move it, and unlike a comparison of first and last value it needs no luck with these two.
 */
final class Slope {

    private Slope() {}

    /** The power of x with which y grows: the slope between logarithms. */
    static double ofLogarithms(double[] x, double[] y) {
        return of(
                Arrays.stream(x).map(Math::log).toArray(),
                Arrays.stream(y).map(Math::log).toArray());
    }

    /** Of at least two points in ascending order of x. */
    static double of(double[] x, double[] y) {
        if (x.length != y.length || x.length < 2) {
            throw new IllegalArgumentException("A slope needs two points or more, each with an x and a y, not "
                    + x.length + " and " + y.length + ".");
        }
        List<Double> slopes = new ArrayList<>();
        for (int i = 0; i < x.length; i++) {
            for (int j = i + 1; j < x.length; j++) {
                if (!(x[j] > x[i])) {
                    throw new IllegalArgumentException("The points must ascend; " + x[j] + " follows " + x[i] + ".");
                }
                slopes.add((y[j] - y[i]) / (x[j] - x[i]));
            }
        }
        return Spread.of(slopes.stream().mapToDouble(Double::doubleValue).toArray())
                .median();
    }
}
