package org.lowrank4j.updater;

import java.util.ArrayList;
import java.util.List;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;

/** Adam's decaying means of gradients and of their squares (arXiv 1412.6980, algorithm 1), and its epsilon. */
record Moments(double beta1, double beta2, double epsilon) {

    /**
     * The options that they are set by, before others.
     *
     * @param epsilon by default
     */
    static List<MethodOption> options(String epsilon, MethodOption... others) {
        List<MethodOption> options = new ArrayList<>(List.of(
                new MethodOption("beta1", "0.9", "decay of the mean of gradients, a number from 0 to below 1"),
                new MethodOption("beta2", "0.999", "decay of the mean of squares, a number from 0 to below 1"),
                new MethodOption(
                        "epsilon", epsilon, "added to the root of the mean of squares, a number of at least 0")));
        options.addAll(List.of(others));
        return options;
    }

    static Moments of(OptionValues options) {
        return new Moments(
                options.belowOne("beta1"),
                options.belowOne("beta2"),
                options.between("epsilon", 0, Double.POSITIVE_INFINITY));
    }

    /** The mean of gradients, with one more. */
    double mean(double mean, double gradient) {
        return beta1 * mean + (1 - beta1) * gradient;
    }

    /** The mean of squares, with one more. */
    double squares(double squares, double gradient) {
        return beta2 * squares + (1 - beta2) * gradient * gradient;
    }

    /** 1 - b1^t: how much of a mean from 0 there is after t steps. */
    double ofMean(long t) {
        return 1 - Math.pow(beta1, t);
    }

    /** The same of the mean of squares. */
    double ofSquares(long t) {
        return 1 - Math.pow(beta2, t);
    }

    /** What a rate is multiplied by in the place of correcting both means: sqrt(1 - b2^t) / (1 - b1^t). */
    double correction(long t) {
        return Math.sqrt(ofSquares(t)) / ofMean(t);
    }
}
