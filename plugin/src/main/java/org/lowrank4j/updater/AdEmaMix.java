package org.lowrank4j.updater;

import java.util.List;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;

/**
 * Adam with a second, much slower mean of the gradients beside its own (arXiv 2409.03137, algorithm 1, and the authors' code).
 *
 * <pre>
 * m1 = b1 m1 + (1 - b1) g,   m2 = b3(t) m2 + (1 - b3(t)) g,   v = b2 v + (1 - b2) g^2
 * W -= rate (m1 / (1 - b1^t) + alpha(t) m2) / (sqrt(v) / sqrt(1 - b2^t) + epsilon)
 * </pre>
 *
 * <p>Over a warm-up of T steps, alpha(t) = alpha t / T, and b3(t) goes from b1 to b3 so that its half-life grows evenly. The
 * slow mean has no correction of its bias: it needs some 1 / (1 - b3) steps to say anything, and shorter training is Adam's.
 * With alpha 0 it is Adam.
 *
 * <p>State: three numbers an entry. Published: alpha 5 to 10 with a warm-up over the whole training; the released class has
 * alpha 2 and none.
 */
public final class AdEmaMix implements Updater {

    @Override
    public String name() {
        return "ademamix";
    }

    @Override
    public int arrays() {
        return 3;
    }

    @Override
    public List<MethodOption> options() {
        return Moments.options(
                "1e-8",
                new MethodOption("beta3", "0.9999", "decay of the slow mean, a number from 0 to below 1"),
                new MethodOption("alpha", "2", "weight of the slow mean, a number of at least 0"),
                new MethodOption("warmup", "0", "steps over which alpha and beta3 grow, a whole number, 0 for none"));
    }

    @Override
    public Steps steps(OptionValues options, Kept kept) {
        Moments moments = Moments.of(options);
        double beta3 = options.belowOne("beta3");
        double alpha = options.between("alpha", 0, Double.POSITIVE_INFINITY);
        int warmup = options.wholeNumber("warmup");
        return (entries, arrays, count, rate, t) -> {
            double[] fast = arrays[0];
            double[] slow = arrays[1];
            double[] squares = arrays[2];
            double grown = t < warmup ? (double) t / warmup : 1;
            double slowDecay =
                    grown < 1 ? decay((1 - grown) * halfLife(moments.beta1()) + grown * halfLife(beta3)) : beta3;
            double weight = grown * alpha;
            double ofFast = 1 / moments.ofMean(t);
            double ofSquares = 1 / Math.sqrt(moments.ofSquares(t));
            for (int i = 0; i < count; i++) {
                double g = entries[i];
                fast[i] = moments.mean(fast[i], g);
                slow[i] = slowDecay * slow[i] + (1 - slowDecay) * g;
                squares[i] = moments.squares(squares[i], g);
                entries[i] = rate
                        * (fast[i] * ofFast + weight * slow[i])
                        / (Math.sqrt(squares[i]) * ofSquares + moments.epsilon());
            }
        };
    }

    /** Steps after which a mean's memory is halved, but for one. */
    private static double halfLife(double beta) {
        return Math.log(0.5) / Math.log(beta + 1e-8) - 1;
    }

    private static double decay(double halfLife) {
        return Math.pow(0.5, 1 / (halfLife + 1));
    }
}
