package org.lowrank4j.tests.pages.merging;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.Combination;
import org.lowrank4j.adapter.Combination.Weighted;

/**
 * Chooses how much of each adapter a way takes, and which part of the entries it keeps where it drops some, by what the
 * merged adapter is worth.
 */
final class Tuning {

    /** Equal for all adapters of a merge. */
    static final List<Double> WEIGHTS = List.of(0.03125, 0.0625, 0.125, 0.25, 0.5, 1.0, 2.0);

    static final List<Double> DENSITIES = List.of(0.2, 0.5, 0.8);

    /**
     * The best merge of a way.
     *
     * @param density 1 for a way that keeps all entries
     * @param worth what it was chosen by
     */
    record Choice(Adapter adapter, double weight, double density, double worth) {

        /** For a table: {@code weight 0.25, density 0.5}; a * marks a weight at the edge of those tried. */
        String shown() {
            boolean edge = weight == WEIGHTS.get(0) || weight == WEIGHTS.get(WEIGHTS.size() - 1);
            String number = Double.toString(weight).replaceAll("\\.0$", "");
            return "weight " + number + (edge ? " *" : "")
                    + (density == 1 ? "" : String.format(Locale.ROOT, ", density %.1f", density));
        }
    }

    private Tuning() {}

    /**
     * Tries all weights, with all densities where the way has one.
     *
     * @param rank of the result, where the way can choose it
     * @param worth larger is better
     */
    static Choice best(Way way, Collection<Adapter> adapters, int rank, ToDoubleFunction<Adapter> worth) {
        List<Weighted> parts =
                adapters.stream().map(adapter -> new Weighted(adapter, 1)).toList();
        Choice best = null;
        for (double density : way.thins ? DENSITIES : List.of(1.0)) {
            // Each way is homogeneous: a weight that all adapters share can be put on the result.
            Adapter merged = way.merge(parts, density, rank);
            for (double weight : WEIGHTS) {
                Adapter weighted = Combination.concatenated(List.of(new Weighted(merged, weight)));
                double value = worth.applyAsDouble(weighted);
                if (best == null || value > best.worth()) {
                    best = new Choice(weighted, weight, density, value);
                }
            }
        }
        return best;
    }
}
