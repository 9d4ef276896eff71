package org.lowrank4j.updater;

import java.util.List;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;

/**
 * Adam whose rate of an entry never exceeds the mean of its earlier rates (arXiv 1910.12249, algorithm 1, and the authors'
 * code).
 *
 * <pre>
 * eta = rate sqrt(1 - b2^t) / (1 - b1^t) / (sqrt(v) + epsilon),   s = b3 s + (1 - b3) eta
 * W -= min(eta, s) m
 * </pre>
 *
 * <p>s starts at 0 and has no correction of its bias, so that the first steps are small: that is a warm-up over some
 * 1 / (1 - b3) steps. With b3 = 0 it is Adam. State: three numbers an entry.
 */
public final class AdaMod implements Updater {

    @Override
    public String name() {
        return "adamod";
    }

    @Override
    public int arrays() {
        return 3;
    }

    @Override
    public List<MethodOption> options() {
        return Moments.options(
                "1e-8", new MethodOption("beta3", "0.999", "decay of the mean of rates, a number from 0 to below 1"));
    }

    @Override
    public Steps steps(OptionValues options, Kept kept) {
        Moments moments = Moments.of(options);
        double beta3 = options.belowOne("beta3");
        return (entries, arrays, count, rate, t) -> {
            double[] mean = arrays[0];
            double[] squares = arrays[1];
            double[] rates = arrays[2];
            double corrected = rate * moments.correction(t);
            for (int i = 0; i < count; i++) {
                double g = entries[i];
                mean[i] = moments.mean(mean[i], g);
                squares[i] = moments.squares(squares[i], g);
                double eta = corrected / (Math.sqrt(squares[i]) + moments.epsilon());
                rates[i] = beta3 * rates[i] + (1 - beta3) * eta;
                entries[i] = Math.min(eta, rates[i]) * mean[i];
            }
        };
    }
}
