package org.lowrank4j.update;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.lowrank4j.LowRankException;

/**
 * When ReLoRA restarts, and its jagged cosine. Steps count from 0.
 *
 * @param totalSteps planned number of training steps; after them the rate stays at its least and nothing restarts
 * @param restart steps between two restarts
 * @param firstWarmup steps of the warm-up at the start, at most as many as before the first restart
 * @param restartWarmup steps of the warm-up after a restart, fewer than until the next one
 * @param minimum the multiplier at the end of the cosine
 */
public record ReLoraSchedule(int totalSteps, int restart, int firstWarmup, int restartWarmup, double minimum) {

    /** Refuses a schedule that never restarts, or whose warm-ups do not end before the next restart. */
    public ReLoraSchedule {
        if (restart >= totalSteps || totalSteps % restart != 0) {
            throw new LowRankException("relora.restart=" + restart + " is refused: restarts are to divide"
                    + " relora.total-steps=" + totalSteps + " into equal parts, at least two. "
                    + divisors(totalSteps, restart));
        }
        if (firstWarmup > restart) {
            throw new LowRankException(
                    "relora.first-warmup=" + firstWarmup + " is refused: with relora.restart=" + restart
                            + " the first restart would come before the rate has risen. Use at most " + restart + ".");
        }
        if (restartWarmup >= restart) {
            throw new LowRankException("relora.restart-warmup=" + restartWarmup + " is refused: with relora.restart="
                    + restart + " the next restart would come before the rate has risen again. Use less than " + restart
                    + ".");
        }
    }

    private static String divisors(int totalSteps, int wanted) {
        String nearest = IntStream.rangeClosed(1, totalSteps / 2)
                .filter(divisor -> totalSteps % divisor == 0)
                .boxed()
                .sorted((one, other) -> Integer.compare(Math.abs(one - wanted), Math.abs(other - wanted)))
                .limit(3)
                .map(String::valueOf)
                .collect(Collectors.joining(", "));
        return nearest.isEmpty() ? "A single step cannot be divided." : "The nearest are " + nearest + ".";
    }

    /** Whether a restart comes after this many steps. */
    public boolean restartsAfter(long steps) {
        return steps > 0 && steps < totalSteps && steps % restart == 0;
    }

    /** The factor of the learning rate at a step. */
    public double multiplier(long step) {
        if (step < firstWarmup) {
            return (double) step / firstWarmup;
        }
        long sinceRestart = step % restart;
        if (step >= restart && step < totalSteps && sinceRestart < restartWarmup) {
            return (double) sinceRestart / restartWarmup * envelope(step - sinceRestart + restartWarmup);
        }
        return envelope(step);
    }

    private double envelope(long step) {
        double progress = Math.min(1, (double) (step - firstWarmup) / Math.max(1, totalSteps - firstWarmup));
        return minimum + (1 - minimum) * 0.5 * (1 + Math.cos(Math.PI * progress));
    }
}
