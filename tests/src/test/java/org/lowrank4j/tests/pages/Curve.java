package org.lowrank4j.tests.pages;

/**
 * A learning curve to draw.
 *
 * @param title its name in the legend
 * @param losses training loss of each step
 */
public record Curve(String title, double[] losses) {

    /** Weight of the past in the running mean: it looks back about 10 steps. */
    private static final double MEMORY = 0.9;

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
