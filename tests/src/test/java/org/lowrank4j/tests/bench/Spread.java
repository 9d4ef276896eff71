package org.lowrank4j.tests.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Least, median and greatest of some values; the median of an even number of values is the mean of the middle two. */
record Spread(double least, double median, double greatest) {

    static Spread of(double... values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("There is no median of no values.");
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(sorted[0], median, sorted[sorted.length - 1]);
    }

    /** Of one quantity over the rounds. */
    static Spread of(List<Slice> rounds, ToDoubleFunction<Slice> quantity) {
        return of(rounds.stream().mapToDouble(quantity).toArray());
    }

    /** Of the ratio of two contestants in each round: only turns of the same round saw the same machine. */
    static Spread ofRatios(List<Slice> above, List<Slice> below, ToDoubleFunction<Slice> quantity) {
        if (above.size() != below.size()) {
            throw new IllegalArgumentException(
                    "Ratios need the same rounds: " + above.size() + " and " + below.size() + ".");
        }
        double[] ratios = new double[above.size()];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = quantity.applyAsDouble(above.get(i)) / quantity.applyAsDouble(below.get(i));
        }
        return of(ratios);
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("min", least);
        json.put("median", median);
        json.put("max", greatest);
        return json;
    }

    /** Median (least .. greatest) with that many decimals. */
    String format(int decimals) {
        String number = "%." + decimals + "f";
        return String.format(Locale.ROOT, number + " (" + number + " .. " + number + ")", median, least, greatest);
    }
}
