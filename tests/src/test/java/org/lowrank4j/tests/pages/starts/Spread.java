package org.lowrank4j.tests.pages.starts;

import java.util.Arrays;

/**
 * Several values of one number.
 *
 * @param mean their mean
 * @param deviation their sample standard deviation; 0 for a single one
 */
public record Spread(double mean, double deviation) {

    public static Spread of(double... values) {
        double mean = Arrays.stream(values).average().orElseThrow();
        double squares =
                Arrays.stream(values).map(value -> Math.pow(value - mean, 2)).sum();
        return new Spread(mean, values.length == 1 ? 0 : Math.sqrt(squares / (values.length - 1)));
    }
}
