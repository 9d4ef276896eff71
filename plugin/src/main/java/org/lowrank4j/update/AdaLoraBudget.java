package org.lowrank4j.update;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import org.lowrank4j.LowRankException;

/**
 * The triplets that the layers of one network under {@link AdaLora} have in common, and how many of them stay; a file of its
 * own, as the schedule is tested by itself.
 *
 * <p>A step updates one layer after the other, so the last layer to finish an update allocates for all of them.
 */
public final class AdaLoraBudget {

    private final Schedule schedule;
    private final List<AdaLora.Target> layers = new ArrayList<>();

    AdaLoraBudget(Schedule schedule) {
        this.schedule = schedule;
    }

    /** Takes a layer in; refuses one that counts its steps to another end. */
    void add(AdaLora.Target layer, Schedule itsSchedule) {
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
            layers.forEach(AdaLora.Target::dropTriplets);
        } else if (schedule.isFixed(update)) {
            layers.forEach(AdaLora.Target::dropTriplets);
        }
        layers.forEach(AdaLora.Target::moveWeight);
    }

    private void allocate(long update) {
        double[][] scores = layers.stream().map(AdaLora.Target::scores).toArray(double[][]::new);
        int initial = layers.stream().mapToInt(AdaLora.Target::rank).sum();
        int target = layers.stream().mapToInt(AdaLora.Target::targetRank).sum();
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

    /**
     * AdaLoRA's budget of triplets over the updates t = 1, 2, ...
     *
     * @param totalSteps T, planned number of updates
     * @param initialSteps t0, updates before the budget falls
     * @param finalSteps tf, updates after it has fallen
     * @param interval updates between two allocations
     */
    public record Schedule(int totalSteps, int initialSteps, int finalSteps, int interval) {

        /** Refuses a schedule that leaves the budget no time to fall. */
        public Schedule {
            if ((long) initialSteps + finalSteps >= totalSteps) {
                throw new LowRankException("adalora.initial-steps=" + initialSteps + " and adalora.final-steps="
                        + finalSteps
                        + " are refused: of adalora.total-steps=" + totalSteps
                        + " they leave none in which the ranks fall."
                        + " Their sum must be less than the total.");
            }
        }

        /** The number of triplets that may stay after an update. */
        public int budget(long update, int initial, int target) {
            if (update <= initialSteps) {
                return initial;
            }
            if (isFixed(update)) {
                return target;
            }
            double left = 1 - (double) (update - initialSteps) / (totalSteps - finalSteps - initialSteps);
            return (int) ((initial - target) * (left * left * left) + target);
        }

        /** Whether the triplets that stay are chosen after an update. */
        public boolean allocates(long update) {
            return update == totalSteps - finalSteps
                    || update > initialSteps && !isFixed(update) && update % interval == 0;
        }

        /** Whether the choice of triplets is over, or is made for the last time. */
        public boolean isFixed(long update) {
            return update >= totalSteps - finalSteps;
        }
    }
}
