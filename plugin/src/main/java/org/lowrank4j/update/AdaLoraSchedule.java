package org.lowrank4j.update;

import org.lowrank4j.LowRankException;

/**
 * AdaLoRA's budget of triplets over the updates t = 1, 2, ...
 *
 * @param totalSteps T, planned number of updates
 * @param initialSteps t0, updates before the budget falls
 * @param finalSteps tf, updates after it has fallen
 * @param interval updates between two allocations
 */
public record AdaLoraSchedule(int totalSteps, int initialSteps, int finalSteps, int interval) {

    /** Refuses a schedule that leaves the budget no time to fall. */
    public AdaLoraSchedule {
        if ((long) initialSteps + finalSteps >= totalSteps) {
            throw new LowRankException("adalora.initial-steps=" + initialSteps + " and adalora.final-steps="
                    + finalSteps
                    + " are refused: of adalora.total-steps=" + totalSteps + " they leave none in which the ranks fall."
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
        return update == totalSteps - finalSteps || update > initialSteps && !isFixed(update) && update % interval == 0;
    }

    /** Whether the choice of triplets is over, or is made for the last time. */
    public boolean isFixed(long update) {
        return update >= totalSteps - finalSteps;
    }
}
