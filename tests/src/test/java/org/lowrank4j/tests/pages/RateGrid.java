package org.lowrank4j.tests.pages;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The learning rates that every arm may choose from.
 *
 * @param rates at least one, ascending
 */
public record RateGrid(List<Double> rates) {

    /** Half a decade apart, from below the usual rate of full fine-tuning to above that of factors that start tiny. */
    public static final String DEFAULT = "3e-4,1e-3,3e-3,1e-2,3e-2";

    /**
     * The seed on which a rate is chosen; a page's numbers come from the others, from 1 on. Not 0, for which ND4J takes the
     * clock.
     */
    public static final int TUNING_SEED = 100;

    public RateGrid {
        rates = rates.stream().sorted().distinct().toList();
        if (rates.isEmpty()) {
            throw new IllegalArgumentException("A grid needs at least one rate.");
        }
    }

    /** A single rate, with nothing to choose. */
    public static RateGrid of(double rate) {
        return new RateGrid(List.of(rate));
    }

    /** Reads rates separated by commas. */
    public static RateGrid parse(String text) {
        List<Double> rates = new ArrayList<>();
        for (String part : text.split(",")) {
            double rate;
            try {
                rate = Double.parseDouble(part.strip());
            } catch (NumberFormatException wrong) {
                rate = Double.NaN;
            }
            if (!(rate > 0 && rate <= 10)) {
                throw new IllegalArgumentException("rates " + text + ": \"" + part.strip()
                        + "\" is no number above 0 and at most 10. Write rates like " + DEFAULT + ".");
            }
            rates.add(rate);
        }
        return new RateGrid(rates);
    }

    /**
     * The rate with the lowest loss; of equal ones the lowest. A loss that is not finite loses to any that is.
     *
     * @param losses one per rate
     * @throws IllegalArgumentException if none is finite
     */
    public double best(double[] losses) {
        int best = -1;
        for (int i = 0; i < rates.size(); i++) {
            if (Double.isFinite(losses[i]) && (best < 0 || losses[i] < losses[best])) {
                best = i;
            }
        }
        if (best < 0) {
            throw new IllegalArgumentException("Training diverged with every rate of " + this + ": losses "
                    + Arrays.toString(losses) + ". Add lower rates with --rates.");
        }
        return rates.get(best);
    }

    /** Whether a better rate may lie beyond the grid. */
    public boolean isEdge(double rate) {
        return rates.size() > 1 && (rate == rates.get(0) || rate == rates.get(rates.size() - 1));
    }

    /** As a page and the command line write it. */
    public static String shown(double rate) {
        String text = String.format(Locale.ROOT, "%.3e", rate);
        int exponent = Integer.parseInt(text.substring(text.indexOf('e') + 1));
        String digits = text.substring(0, text.indexOf('e')).replaceAll("\\.?0+$", "");
        return digits + "e" + exponent;
    }

    @Override
    public String toString() {
        return rates.stream().map(RateGrid::shown).collect(Collectors.joining(", "));
    }
}
