package org.lowrank4j.examples.digits;

import java.util.List;

/**
 * A learning curve to draw.
 *
 * @param title its name in the legend
 * @param losses training loss of each step
 */
public record Curve(String title, double[] losses) {

    /** Weight of the past in the running mean: it looks back about 10 steps. */
    private static final double MEMORY = 0.9;

    /** The mean over runs of the same length, step by step. */
    static Curve mean(String title, List<Run> runs) {
        double[] mean = new double[runs.get(0).losses().length];
        for (Run run : runs) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += run.losses()[i] / runs.size();
            }
        }
        return new Curve(title, mean);
    }

    /** Exponential running mean, corrected for its empty start so that the first value is the first loss. */
    public static double[] smooth(double[] losses) {
        double[] smooth = new double[losses.length];
        double sum = 0;
        double weight = 0;
        for (int i = 0; i < losses.length; i++) {
            sum = MEMORY * sum + (1 - MEMORY) * losses[i];
            weight = MEMORY * weight + (1 - MEMORY);
            smooth[i] = sum / weight;
        }
        return smooth;
    }
}
