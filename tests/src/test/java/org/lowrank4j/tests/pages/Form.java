package org.lowrank4j.tests.pages;

import java.util.Locale;
import java.util.function.DoubleFunction;

/** How a number is written in a page. */
public enum Form implements DoubleFunction<String> {
    PERCENT("%.2f %%", 100),
    TENTHS_OF_PERCENT("%.1f %%", 100),
    LOSS("%.4f", 1),
    SHORT_LOSS("%.3f", 1),
    COUNT("%,.0f", 1),
    STEPS("%.0f", 1),
    SECONDS("%.1f s", 1),
    MILLIS("%.0f ms", 1),
    TENTHS("%.1f", 1),
    KIBIBYTES("%,.0f KiB", 1.0 / (1 << 10)),
    MEBIBYTES("%,.1f MiB", 1.0 / (1 << 20));

    private final String format;
    private final double factor;

    Form(String format, double factor) {
        this.format = format;
        this.factor = factor;
    }

    /** A number; nothing for one that is none. */
    @Override
    public String apply(double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, factor * value);
    }

    /** The mean, with the standard deviation if there are several that differ. */
    public String meanOf(double... values) {
        Spread spread = Spread.of(values);
        String mean = apply(spread.mean());
        return spread.deviation() == 0 || mean.isEmpty()
                ? mean
                : mean.replace(" %", "") + " +- " + apply(spread.deviation());
    }
}
