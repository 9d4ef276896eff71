package org.lowrank4j.tests.pages;

import java.util.Arrays;
import java.util.Locale;

/**
 * Several values of one number.
 *
 * @param mean their mean
 * @param deviation their sample standard deviation; 0 for a single one
 * @param median the middle one; the mean of the middle two of an even number
 */
public record Spread(double mean, double deviation, double least, double median, double greatest) {

    public static Spread of(double... values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("There is no median of no values.");
        }
        double mean = Arrays.stream(values).average().orElseThrow();
        double squares =
                Arrays.stream(values).map(value -> Math.pow(value - mean, 2)).sum();
        double deviation = values.length == 1 ? 0 : Math.sqrt(squares / (values.length - 1));
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(mean, deviation, sorted[0], median, sorted[sorted.length - 1]);
    }

    /** Median (least .. greatest) with that many decimals. */
    public String format(int decimals) {
        String number = "%." + decimals + "f";
        return String.format(Locale.ROOT, number + " (" + number + " .. " + number + ")", median, least, greatest);
    }
}
