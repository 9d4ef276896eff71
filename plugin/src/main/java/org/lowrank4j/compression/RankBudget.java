package org.lowrank4j.compression;

import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import org.lowrank4j.LowRankException;

/** Ranks for all layers of a network together, by what each parameter is worth. */
final class RankBudget {

    /**
     * What a layer could become next.
     *
     * @param rank 0 for staying whole
     * @param cost parameters more
     * @param gain of error less, as a share of the layer's error at rank 0
     */
    private record Next(RankedLayer layer, int rank, long cost, double gain) {

        double worth() {
            return gain / cost;
        }

        /** From a rank to the next, and from the largest to the whole layer. */
        static Next after(RankedLayer layer, int rank) {
            int next = rank == layer.most() ? 0 : rank + 1;
            double left = next == 0 ? 0 : layer.factors().error(next);
            return new Next(
                    layer,
                    next,
                    layer.numbers(next) - layer.numbers(rank),
                    layer.factors().error(rank) - left);
        }
    }

    private RankBudget() {}

    /** The share of the parameters that rank 1 leaves everywhere. */
    static double least(Collection<RankedLayer> layers, long parameters) {
        long saved = layers.stream()
                .filter(layer -> layer.most() > 0)
                .mapToLong(layer -> layer.numbers(0) - layer.numbers(1))
                .sum();
        return (parameters - saved) / (double) parameters;
    }

    static Map<String, Integer> ranks(Collection<RankedLayer> layers, long parameters, double keep) {
        List<RankedLayer> able =
                layers.stream().filter(layer -> layer.most() > 0).toList();
        double least = least(able, parameters);
        long left = (long) ((keep - least) * parameters);
        if (keep < least) {
            throw new LowRankException(String.format(
                    Locale.ROOT,
                    "A share of %s of the parameters is not to be had: with rank 1 everywhere %.4f of the network's %,d"
                            + " parameters stay, most of them in layers that cannot be two.",
                    keep,
                    least,
                    parameters));
        }
        Map<String, Integer> ranks = new LinkedHashMap<>();
        PriorityQueue<Next> open =
                new PriorityQueue<>(Comparator.comparingDouble(Next::worth).reversed());
        for (RankedLayer layer : able) {
            ranks.put(layer.name(), 1);
            open.add(Next.after(layer, 1));
        }
        while (!open.isEmpty()) {
            Next best = open.remove();
            if (best.cost() <= left && best.gain() > 0) {
                left -= best.cost();
                if (best.rank() == 0) {
                    ranks.remove(best.layer().name());
                } else {
                    ranks.put(best.layer().name(), best.rank());
                    open.add(Next.after(best.layer(), best.rank()));
                }
            }
        }
        return ranks;
    }
}
