package org.lowrank4j.update;

import org.lowrank4j.LowRankException;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * LoRA+ (arXiv 2402.12354, section 4): B, and vectors such as biases, train at a learning rate that is larger than A's by
 * a fixed ratio. Published ratios are 4 to 20.
 */
public final class LoraPlusRate {

    private LoraPlusRate() {}

    /**
     * The same updater at the raised rate, following its schedule if it has one.
     *
     * @param updater the user's; never changed, but its rate is followed when the user changes it later
     * @param ratio rate of B divided by the rate of A, at least 1
     * @throws LowRankException if the ratio is below 1 or not finite, or the updater has no learning rate
     */
    public static IUpdater scaled(IUpdater updater, double ratio) {
        if (!(ratio >= 1) || Double.isInfinite(ratio)) {
            throw new LowRankException("The LoRA+ ratio " + ratio
                    + " is refused: it is the rate of B divided by that of A, a number of at least 1; 16 is common.");
        }
        if (ratio == 1) {
            return updater;
        }
        if (!updater.hasLearningRate()) {
            throw new LowRankException("LoRA+ raises the learning rate of B, and "
                    + updater.getClass().getSimpleName()
                    + " has none. Use an updater with a learning rate, such as Adam or Sgd, or leave out the ratio.");
        }
        IUpdater scaled = updater.clone();
        scaled.setLrAndSchedule(ratio * updater.getLearningRate(0, 0), new ScaledRate(updater, () -> ratio));
        return scaled;
    }
}
