package org.lowrank4j.tests.pages.starts;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.lowrank4j.tests.pages.Form;
import org.lowrank4j.tests.pages.Run;
import org.lowrank4j.tests.pages.Spread;

/**
 * A column of the tables.
 *
 * @param title its header
 * @param better in words, when a smaller or a larger value is the better one: {@code a lower loss after 20 steps}
 * @param lowerIsBetter which of the two it is
 * @param value its number in one run
 * @param form how a number is written
 */
record Metric(String title, String better, boolean lowerIsBetter, ToDoubleFunction<Run> value, Form form) {

    /** The steps after which the tables show the loss. */
    static final List<Integer> SHOWN_STEPS = List.of(20, 50, 100);

    static final Metric ACCURACY = new Metric("accuracy", "a higher accuracy", false, Run::accuracy, Form.PERCENT);

    static final Metric KEPT =
            new Metric("old accuracy kept", "more of the old accuracy kept", false, Run::kept, Form.PERCENT);

    static final Metric TRAINED = new Metric("trained", "fewer trained parameters", true, Run::trained, Form.COUNT);

    static final Metric START = new Metric("time to start", "a shorter start", true, Run::startMillis, Form.MILLIS);

    /** The running mean of the training loss. */
    static Metric lossAfter(int steps) {
        return new Metric(
                "loss after " + steps,
                "a lower loss after " + steps + " steps",
                true,
                run -> run.lossAfter(steps),
                Form.SHORT_LOSS);
    }

    /** Steps until the running mean of the training loss is low enough. */
    static Metric stepsTo(double loss) {
        return new Metric(
                "steps to loss " + loss, "fewer steps to loss " + loss, true, run -> run.stepsTo(loss), Form.STEPS);
    }

    /**
     * A number, or that a loss was not reached.
     *
     * @param steps how many steps the runs had: a count beyond says so
     */
    String shown(double number, int steps) {
        return form == Form.STEPS && number > steps ? "> " + steps : form.apply(number);
    }

    /** The mean of a number over some runs, with its spread where it has one. */
    String cell(double[] values, int steps) {
        if (form == Form.STEPS && Arrays.stream(values).anyMatch(value -> value > steps)) {
            return "> " + steps;
        }
        return switch (form) {
            case COUNT -> form.apply(Spread.of(values).mean());
            // A pause of the machine in one run should not stand for the start.
            case MILLIS -> form.apply(Spread.of(values).median());
            default -> form.meanOf(values);
        };
    }
}
