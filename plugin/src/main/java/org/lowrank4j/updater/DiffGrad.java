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
        return Moments.options("1e-8");
    }

    @Override
    public Steps steps(OptionValues options, Kept kept) {
        Moments moments = Moments.of(options);
        return (entries, arrays, count, rate, t) -> {
            double[] mean = arrays[0];
            double[] squares = arrays[1];
            double[] before = arrays[2];
            double corrected = rate * moments.correction(t);
            for (int i = 0; i < count; i++) {
                double g = entries[i];
                mean[i] = moments.mean(mean[i], g);
                squares[i] = moments.squares(squares[i], g);
                double friction = 1 / (1 + Math.exp(-Math.abs(before[i] - g)));
                before[i] = g;
                entries[i] = corrected * friction * mean[i] / (Math.sqrt(squares[i]) + moments.epsilon());
            }
        };
    }
}
