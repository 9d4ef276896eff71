package org.lowrank4j.updater;

import java.util.List;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;

/**
 * Adam whose steps are large where the gradient is as its mean says (arXiv 2010.07468, algorithm 2, and the authors' code).
 *
 * <pre>
 * m = b1 m + (1 - b1) g,   s = b2 s + (1 - b2) (g - m)^2 + epsilon
 * W -= rate / (1 - b1^t) m / (sqrt(s) / sqrt(1 - b2^t) + epsilon)
 * </pre>
 *
 * <p>Rectified, as the authors' code is by default, the second correction is that of RAdam (arXiv 1908.03265): while s has
 * seen fewer steps than it takes to trust it, the step is m's alone. Epsilon is added to s at every step, so that it grows to
 * epsilon / (1 - b2). ND4J's updater of this name stops a DL4J network with an exception.
 *
 * <p>State: two numbers an entry. Published: epsilon 1e-16, and 1e-8 for convolutional networks where SGD does well.
 */
public final class AdaBelief implements Updater {

    @Override
    public String name() {
        return "adabelief";
    }

    @Override
    public int arrays() {
        return 2;
    }

    @Override
    public List<MethodOption> options() {
        return Moments.options("1e-16", new MethodOption("rectify", "yes", "yes, or no for the form of the paper"));
    }

    @Override
    public Steps steps(OptionValues options, Kept kept) {
        Moments moments = Moments.of(options);
        double epsilon = moments.epsilon();
        boolean rectify = options.yes("rectify");
        return (entries, arrays, count, rate, t) -> {
            double[] mean = arrays[0];
            double[] squares = arrays[1];
            double ofMean = rate / moments.ofMean(t);
            double seen = moments.ofSquares(t);
            double factor = rectify ? rectification(moments.beta2(), seen, t) * Math.sqrt(seen) : Math.sqrt(seen);
            double added = rectify ? epsilon : epsilon * Math.sqrt(seen);
            for (int i = 0; i < count; i++) {
                double g = entries[i];
                mean[i] = moments.mean(mean[i], g);
                squares[i] = moments.squares(squares[i], g - mean[i]) + epsilon;
                entries[i] =
                        factor > 0 ? ofMean * factor * mean[i] / (Math.sqrt(squares[i]) + added) : ofMean * mean[i];
            }
        };
    }

    /** RAdam's factor of the step; 0 while the mean of squares has seen too little. */
    private static double rectification(double beta2, double seen, long t) {
        double most = 2 / (1 - beta2) - 1;
        double length = most - 2 * t * (1 - seen) / seen;
        return length < 5 ? 0 : Math.sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length));
    }
}
