package org.lowrank4j.tests.pages.published;

import java.util.Locale;
import org.lowrank4j.tests.pages.starts.Spread;

/**
 * What a paper leads one to expect, and whether the numbers bear it out.
 *
 * @param statement the expectation
 * @param numbers what was seen
 */
record Finding(String statement, Outcome outcome, String numbers) {

    /** The answer. */
    enum Outcome {
        HOLDS("holds"),
        DOES_NOT_HOLD("does not hold"),
        OPEN("open");

        private final String words;

        Outcome(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /**
     * Whether some numbers are higher than others, compared seed by seed, because a seed gives both the same digits.
     *
     * @param margin by how much they are to be higher, 0 or more
     */
    static Finding higher(String statement, Form form, double[] these, double[] others, double margin) {
        double[] gain = new double[these.length];
        for (int i = 0; i < gain.length; i++) {
            gain[i] = these[i] - others[i] - margin;
        }
        return new Finding(statement, clear(Spread.of(gain)), form.against(these, others));
    }

    /** Whether some numbers are lower than others. */
    static Finding lower(String statement, Form form, double[] these, double[] others) {
        Finding higher = higher(statement, form, others, these, 0);
        return new Finding(statement, higher.outcome(), form.against(these, others));
    }

    /**
     * Whether some numbers are as high as others: it holds unless they are lower by more than the spread, and than what is
     * allowed.
     *
     * @param allowed how much lower they may be
     */
    static Finding asHigh(String statement, Form form, double[] these, double[] others, double allowed) {
        Outcome outcome = higher(statement, form, these, others, -allowed).outcome();
        return new Finding(
                statement,
                outcome == Outcome.OPEN && allowed == 0 ? Outcome.HOLDS : outcome,
                form.against(these, others));
    }

    /** Whether some numbers are as low as others: it holds unless they are higher by more than the spread. */
    static Finding asLow(String statement, Form form, double[] these, double[] others) {
        Finding asHigh = asHigh(statement, form, others, these, 0);
        return new Finding(statement, asHigh.outcome(), form.against(these, others));
    }

    /** Whether something was seen or not, with no spread to speak of. */
    static Finding seen(String statement, boolean holds, String numbers) {
        return new Finding(statement, holds ? Outcome.HOLDS : Outcome.DOES_NOT_HOLD, numbers);
    }

    private static Outcome clear(Spread gain) {
        if (Math.abs(gain.mean()) <= gain.deviation() || gain.mean() == 0) {
            return Outcome.OPEN;
        }
        return gain.mean() > 0 ? Outcome.HOLDS : Outcome.DOES_NOT_HOLD;
    }

    /** How a number is written. */
    enum Form {
        PERCENT("%.2f %%", 100),
        LOSS("%.4f", 1),
        COUNT("%,.0f", 1),
        SECONDS("%.1f s", 1),
        MEBIBYTES("%,.1f MiB", 1.0 / (1 << 20));

        private final String format;
        private final double factor;

        Form(String format, double factor) {
            this.format = format;
            this.factor = factor;
        }

        String of(double value) {
            return String.format(Locale.ROOT, format, factor * value);
        }

        /** The mean, with the standard deviation if there are several that differ. */
        String of(double[] values) {
            Spread spread = Spread.of(values);
            String unit = format.contains("%%") ? " %" : "";
            return values.length == 1 || spread.deviation() == 0
                    ? of(spread.mean())
                    : of(spread.mean()).replace(unit.isEmpty() ? "\0" : unit, "") + " +- " + of(spread.deviation());
        }

        private String against(double[] these, double[] others) {
            return of(Spread.of(these).mean()) + " against "
                    + of(Spread.of(others).mean());
        }
    }
}
