package org.lowrank4j.tests.pages.starts;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * A column of the tables.
 *
 * @param title its header
 * @param better in words, when a smaller or a larger value is the better one: {@code a lower loss after 20 steps}
 * @param lowerIsBetter which of the two it is
 * @param value its number in one run
 * @param form how a number is written
 */
record Metric(String title, String better, boolean lowerIsBetter, ToDoubleFunction<Measurement> value, Form form) {

    /** How a number is written. */
    enum Form {
        LOSS("%.3f", 1),
        STEPS("%.0f", 1),
        PERCENT("%.2f %%", 100),
        COUNT("%,.0f", 1),
        MILLIS("%.0f ms", 1);

        private final String format;
        private final double factor;

        Form(String format, double factor) {
            this.format = format;
            this.factor = factor;
        }

        String number(double value) {
            return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, factor * value);
        }
    }

    /** The steps after which the tables show the loss. */
    static final List<Integer> SHOWN_STEPS = List.of(20, 50, 100);

    static final Metric ACCURACY =
            new Metric("accuracy", "a higher accuracy", false, Measurement::accuracy, Form.PERCENT);

    static final Metric KEPT =
            new Metric("old accuracy kept", "more of the old accuracy kept", false, Measurement::kept, Form.PERCENT);

    static final Metric TRAINED =
            new Metric("trained", "fewer trained parameters", true, Measurement::trained, Form.COUNT);

    static final Metric START =
            new Metric("time to start", "a shorter start", true, Measurement::startMillis, Form.MILLIS);

    /** The running mean of the training loss. */
    static Metric lossAfter(int steps) {
        return new Metric(
                "loss after " + steps,
                "a lower loss after " + steps + " steps",
                true,
                run -> run.lossAfter(steps),
                Form.LOSS);
    }

    /** Steps until the running mean of the training loss is low enough. */
    static Metric stepsTo(double loss) {
        return new Metric(
                "steps to loss " + loss, "fewer steps to loss " + loss, true, run -> run.stepsTo(loss), Form.STEPS);
    }

    double of(Measurement run) {
        return value.applyAsDouble(run);
    }

    /**
     * The mean of a number over some runs, with its spread where it has one.
     *
     * @param steps how many steps the runs had: a count beyond says that the loss was not reached
     */
    String cell(double[] values, int steps) {
        if (form == Form.STEPS && Arrays.stream(values).anyMatch(value -> value > steps)) {
            return "> " + steps;
        }
        if (form == Form.MILLIS) {
            // A pause of the machine in one run should not stand for the start.
            return form.number(median(values));
        }
        Spread spread = Spread.of(values);
        String mean = form.number(spread.mean());
        if (values.length == 1 || form == Form.COUNT || mean.isEmpty()) {
            return mean;
        }
        return mean.replace(" %", "") + " +- " + form.number(spread.deviation());
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
