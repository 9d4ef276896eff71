package org.lowrank4j.initialisation;

import java.util.Random;
import org.lowrank4j.method.Factors;

/**
 * SwitchLoRA's start for training from scratch (arXiv 2406.06564, section 3, constants of the released code): A and B
 * are uniform and keep the variance of what passes, and the network moves by s A B. Their standard deviations are
 *
 * <pre>
 * std(A) = (r sqrt(nOut) / nIn^(3/2))^(1/4) sqrt(g)
 * std(B) = (r / sqrt(nIn nOut))^(1/4) sqrt(g),   g = sqrt(1/3)
 * </pre>
 *
 * so that with s = 1/r the update's output has the deviation g for inputs of unit variance. Nothing is subtracted: the
 * effective weight becomes W + s A B.
 */
public final class SwitchLoraStart implements Initialisation {

    /** sqrt(g) with the gain g = sqrt(1/3). */
    private static final double ROOT_OF_GAIN = Math.pow(3, -0.25);

    @Override
    public String name() {
        return "switchlora";
    }

    /** The standard deviation of A. */
    public static double deviationOfA(long inputs, long outputs, int rank) {
        return Math.pow(rank * Math.sqrt(outputs) / Math.pow(inputs, 1.5), 0.25) * ROOT_OF_GAIN;
    }

    /** The standard deviation of B. */
    public static double deviationOfB(long inputs, long outputs, int rank) {
        return Math.pow(rank / Math.sqrt((double) inputs * outputs), 0.25) * ROOT_OF_GAIN;
    }

    /** The bound of a uniform distribution around 0 with this standard deviation. */
    public static double bound(double deviation) {
        return Math.sqrt(3) * deviation;
    }

    @Override
    public Factors start(Start start) {
        Random random = start.random();
        double boundOfA = bound(deviationOfA(start.inputs(), start.outputs(), start.rank()));
        double boundOfB = bound(deviationOfB(start.inputs(), start.outputs(), start.rank()));
        return new Factors(
                        Draws.matrix(start.inputs(), start.rank(), () -> boundOfA * (2 * random.nextDouble() - 1)),
                        Draws.matrix(start.rank(), start.outputs(), () -> boundOfB * (2 * random.nextDouble() - 1)))
                .on(start.weight());
    }
}
