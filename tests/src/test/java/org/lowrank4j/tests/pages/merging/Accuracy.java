package org.lowrank4j.tests.pages.merging;

import digits.DigitBatches;
import digits.DigitSet;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.AdapterSet;

/** Measures the base network with adapters on it. */
final class Accuracy {

    private static final String MEASURED = "measured";

    private final MultiLayerNetwork network;
    private final AdapterSet set;

    /** On a network that is left as it is after each measurement. */
    Accuracy(MultiLayerNetwork base) {
        this.network = base;
        this.set = AdapterSet.on(base);
    }

    /** The share of each task's digits that the base recognises, 0 to 1. */
    double[] ofBase(List<DigitSet> tasks) {
        return tasks.stream().mapToDouble(this::now).toArray();
    }

    /** The same with one adapter for all tasks. */
    double[] ofOne(Adapter adapter, List<DigitSet> tasks) {
        return with(adapter, tasks);
    }

    /** The same with each task's own adapter, in the order of the tasks. */
    double[] ofEach(List<Adapter> adapters, List<DigitSet> tasks) {
        double[] accuracies = new double[tasks.size()];
        for (int i = 0; i < accuracies.length; i++) {
            accuracies[i] = with(adapters.get(i), tasks.subList(i, i + 1))[0];
        }
        return accuracies;
    }

    static double mean(double[] accuracies) {
        return Arrays.stream(accuracies).average().orElseThrow();
    }

    private double[] with(Adapter adapter, List<DigitSet> tasks) {
        set.add(MEASURED, adapter);
        set.activate(MEASURED);
        double[] accuracies = ofBase(tasks);
        set.remove(MEASURED);
        return accuracies;
    }

    private double now(DigitSet digits) {
        return network.evaluate(DigitBatches.once(digits, 1000)).accuracy();
    }
}
