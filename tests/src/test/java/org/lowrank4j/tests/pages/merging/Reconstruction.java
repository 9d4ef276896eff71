package org.lowrank4j.tests.pages.merging;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.Combination;
import org.lowrank4j.adapter.Combination.Weighted;
import org.lowrank4j.adapter.LayerAdapter;
import org.lowrank4j.adapter.ReversibleMerge;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What Reversible Model Merging gives back of a set of adapters.
 *
 * @param basis p, the vectors per position
 * @param rebuilt the adapters, in their order
 * @param numbers that are kept
 * @param error the squared difference between the factors and the rebuilt ones, over all adapters, measured on these
 * @param dropped the sum of the squared singular values that the basis left out, as the merge tells it
 * @param energy the sum of the squares of all factors
 */
record Reconstruction(int basis, List<Adapter> rebuilt, long numbers, double error, double dropped, double energy) {

    /**
     * Merges and rebuilds.
     *
     * @param adapters by name
     * @param basis p
     */
    static Reconstruction of(Map<String, Adapter> adapters, int basis) {
        ReversibleMerge merge = ReversibleMerge.of(new LinkedHashMap<>(adapters), basis);
        List<Adapter> rebuilt = new ArrayList<>();
        double error = 0;
        double energy = 0;
        for (String name : adapters.keySet()) {
            Adapter original = balanced(adapters.get(name));
            Adapter back = merge.rebuilt(name);
            rebuilt.add(back);
            for (String layer : original.layers().keySet()) {
                LayerAdapter before = original.layer(layer);
                LayerAdapter after = back.layer(layer);
                error += distance(before.a(), after.a()) + distance(before.b(), after.b());
                energy += square(before.a()) + square(before.b());
            }
        }
        double dropped = adapters.values().iterator().next().layers().keySet().stream()
                .mapToDouble(merge::droppedEnergy)
                .sum();
        long all = adapters.values().stream().mapToLong(Adapter::factorCount).sum();
        return new Reconstruction(basis, rebuilt, Math.round(merge.storageRatio() * all), error, dropped, energy);
    }

    /** The same change in the factors that the merge works on: U sqrt(S) and sqrt(S) V^T of the whole product. */
    private static Adapter balanced(Adapter adapter) {
        int rank = adapter.layers().values().stream()
                .mapToInt(LayerAdapter::rank)
                .max()
                .orElseThrow();
        return Combination.truncated(List.of(new Weighted(adapter, 1)), rank);
    }

    private static double distance(INDArray before, INDArray after) {
        return square(before.castTo(DataType.DOUBLE).sub(after.castTo(DataType.DOUBLE)));
    }

    private static double square(INDArray factor) {
        double norm = factor.castTo(DataType.DOUBLE).norm2Number().doubleValue();
        return norm * norm;
    }

    /** How far measured and told error are apart, in parts of the energy. */
    double difference() {
        return Math.abs(error - dropped) / energy;
    }
}
