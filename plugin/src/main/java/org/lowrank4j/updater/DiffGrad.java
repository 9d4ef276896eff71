package org.lowrank4j.updater;

import java.util.List;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;

/**
 * Adam that slows down where the gradient hardly changes (arXiv 1909.11015, equations 6 to 9, and the authors' code).
 *
 * <pre>
 * xi = 1 / (1 + exp(-|g' - g|)),   W -= rate sqrt(1 - b2^t) / (1 - b1^t) xi m / (sqrt(v) + epsilon)
 * </pre>
 *
 * where g' is the gradient of the step before, 0 at first. xi is between a half and 1: while all gradients are small it is
 * Adam at half the rate. State: three numbers an entry.
 */
public final class DiffGrad implements Updater {

    @Override
    public String name() {
        return "diffgrad";
    }

    @Override
    public int arrays() {
        return 3;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("beta1", "0.9", "decay of the mean of gradients, a number from 0 to below 1"),
                new MethodOption("beta2", "0.999", "decay of the mean of squares, a number from 0 to below 1"),
                new MethodOption(
                        "epsilon", "1e-8", "added to the root of the mean of squares, a number of at least 0"));
    }

    @Override
    public Steps steps(OptionValues options, Kept kept) {
        double beta1 = options.belowOne("beta1");
        double beta2 = options.belowOne("beta2");
        double epsilon = options.between("epsilon", 0, Double.POSITIVE_INFINITY);
        return (entries, arrays, count, rate, t) -> {
            double[] mean = arrays[0];
            double[] squares = arrays[1];
            double[] before = arrays[2];
            double corrected = rate * Math.sqrt(1 - Math.pow(beta2, t)) / (1 - Math.pow(beta1, t));
            for (int i = 0; i < count; i++) {
                double g = entries[i];
                mean[i] = beta1 * mean[i] + (1 - beta1) * g;
                squares[i] = beta2 * squares[i] + (1 - beta2) * g * g;
                double friction = 1 / (1 + Math.exp(-Math.abs(before[i] - g)));
                before[i] = g;
                entries[i] = corrected * friction * mean[i] / (Math.sqrt(squares[i]) + epsilon);
            }
        };
    }
}
