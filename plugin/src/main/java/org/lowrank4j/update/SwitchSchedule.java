package org.lowrank4j.update;

import org.lowrank4j.LowRankException;

/**
 * How many vectors SwitchLoRA exchanges at which step.
 *
 * @param interval steps in which every vector is exchanged once, at the first rate
 * @param ratio part of the training after which the rate has fallen to 30 %
 * @param totalSteps planned number of training steps
 * @param freeze steps for which a counterpart is frozen
 */
public record SwitchSchedule(int interval, double ratio, int totalSteps, int freeze) {

    private static final double SLOWEST = 1e-8;

    /** Refuses an interval that would exchange vectors that are still frozen. */
    public SwitchSchedule {
        if (interval < 2L * freeze) {
            throw new LowRankException(
                    "switchlora.interval=" + interval + " is refused: with switchlora.freeze=" + freeze
                            + " a vector would be exchanged while it is still frozen. Use an interval of at least "
                            + 2L * freeze + " or a freeze of at most " + interval / 2 + ".");
        }
    }

    /** The rate of exchange at a step, counted from 0, in parts of the first one. */
    public double rate(long step) {
        return Math.max(SLOWEST, Math.pow(0.3, (step + 1) / (ratio * totalSteps)));
    }

    /** Steps in which every vector would be exchanged once at this step's rate. */
    public double interval(long step) {
        return interval / rate(step);
    }

    /** The expected number of vectors that one factor exchanges at a step. */
    public double switches(long step, int rank) {
        return rank / interval(step);
    }
}
