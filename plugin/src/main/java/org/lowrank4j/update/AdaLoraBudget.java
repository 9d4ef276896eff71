package org.lowrank4j.update;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import org.lowrank4j.LowRankException;

/**
 * The triplets that the layers of one network have in common.
 *
 * <p>A step updates one layer after the other, so the last layer to finish an update allocates for all of them.
 */
final class AdaLoraBudget {

    private final AdaLoraSchedule schedule;
    private final List<AdaLoraTarget> layers = new ArrayList<>();

    AdaLoraBudget(AdaLoraSchedule schedule) {
        this.schedule = schedule;
    }

    /** Takes a layer in; refuses one that counts its steps to another end. */
    void add(AdaLoraTarget layer, AdaLoraSchedule itsSchedule) {
        if (!itsSchedule.equals(schedule)) {
            throw new LowRankException("Layer " + layer.name() + " has " + itsSchedule + ", and another layer of the"
                    + " network " + schedule + ". The layers share one budget: give total-steps, initial-steps,"
                    + " final-steps and interval of adalora for all of them.");
        }
        layers.add(layer);
    }

    /** Number of layers. */
    int size() {
        return layers.size();
    }

    /** Called by each layer at the end of its update; the last one allocates and moves all weights. */
    void updated(long update) {
        if (!layers.stream().allMatch(layer -> layer.updates() == update)) {
            return;
        }
        if (schedule.allocates(update)) {
            allocate(update);
            layers.forEach(AdaLoraTarget::dropTriplets);
        } else if (schedule.isFixed(update)) {
            layers.forEach(AdaLoraTarget::dropTriplets);
        }
        layers.forEach(AdaLoraTarget::moveWeight);
    }

    private void allocate(long update) {
        double[][] scores = layers.stream().map(AdaLoraTarget::scores).toArray(double[][]::new);
        int initial = layers.stream().mapToInt(AdaLoraTarget::rank).sum();
        int target = layers.stream().mapToInt(AdaLoraTarget::targetRank).sum();
        int dropped = initial - schedule.budget(update, initial, target);
        double threshold = dropped == 0
                ? Double.NEGATIVE_INFINITY
                : Arrays.stream(scores)
                        .flatMapToDouble(DoubleStream::of)
                        .sorted()
                        .toArray()[dropped - 1];
        for (int i = 0; i < scores.length; i++) {
            layers.get(i).keepAbove(threshold, scores[i]);
        }
    }
}
