package org.lowrank4j.updater;

import java.util.List;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Adam that finds its learning rate, one for the network, from how far the entries have come (arXiv 2306.06101, algorithm 4,
 * and the authors' code).
 *
 * <pre>
 * a = rate d c,   r = b3 r + d / d0 a &lt;g, W0 - W&gt;,   s = b3 s + d / d0 a g
 * m = b1 m + d (1 - b1) g,   v = b2 v + d^2 (1 - b2) g^2
 * d' = max(d, coefficient r / sum |s|),   W -= a m / (sqrt(v) + d' epsilon)
 * </pre>
 *
 * <p>with b3 = sqrt(b2), and c Adam's correction of the bias, or 1. d never falls, and grows by a largest factor a step if
 * one is given. W0 - W is the sum of the steps that were taken. The rate of the configuration is not asked, unless it is 0,
 * which holds everything still: the published rate is 1.
 *
 * <p>State: four numbers an entry, and two for the network.
 */
public final class Prodigy implements Updater {

    @Override
    public String name() {
        return "prodigy";
    }

    @Override
    public int arrays() {
        return 4;
    }

    @Override
    public boolean ofWholeNetwork() {
        return true;
    }

    @Override
    public List<MethodOption> options() {
        return Moments.options(
                "1e-8",
                new MethodOption("first", "1e-6", "d at first, a number above 0"),
                new MethodOption("coefficient", "1", "factor of the estimate of d, a number above 0"),
                new MethodOption("growth", "none", "the most that d may grow by in a step, a factor above 1, or none"),
                new MethodOption("correction", "no", "whether Adam's correction of the bias is made, yes or no"),
                new MethodOption(
                        "rate",
                        "1",
                        "what d is multiplied by, a number above 0, or configured for the rate and schedule of the"
                                + " network's own updater"));
    }

    @Override
    public Steps steps(OptionValues options, Kept kept) {
        return new Found(options, kept);
    }

    private static final class Found implements Steps {

        private final Moments moments;
        private final double beta3;
        private final double first;
        private final double coefficient;
        private final double growth;
        private final boolean correction;

        /** 0 for that of the configuration. */
        private final double own;

        /** d, its largest estimate, and r; all 0 before the first step. */
        private final INDArray numbers;

        private double product;
        private double sum;
        private double previous;

        Found(OptionValues options, Kept kept) {
            moments = Moments.of(options);
            beta3 = Math.sqrt(moments.beta2());
            first = options.positiveDouble("first");
            coefficient = options.positiveDouble("coefficient");
            growth =
                    options.text("growth").equals("none") ? Double.POSITIVE_INFINITY : options.positiveDouble("growth");
            correction = options.yes("correction");
            own = options.text("rate").equals("configured") ? 0 : options.positiveDouble("rate");
            numbers = kept.under("prodigy").array("distance", DataType.DOUBLE, 'c', 3);
        }

        @Override
        public boolean goesByConfiguredRate() {
            return own == 0;
        }

        private double d() {
            double d = numbers.data().getDouble(0);
            return d == 0 ? first : d;
        }

        @Override
        public double rate(double configured, long t) {
            double c = correction ? moments.correction(t) : 1;
            return (own == 0 ? configured : own) * d() * c;
        }

        @Override
        public void step(double[] entries, double[][] arrays, int count, double rate, long t) {
            double[] mean = arrays[0];
            double[] squares = arrays[1];
            double[] sums = arrays[2];
            double[] come = arrays[3];
            double d = d();
            double weight = d / first * rate;
            for (int i = 0; i < count; i++) {
                double g = entries[i];
                product += weight * g * come[i];
                mean[i] = moments.mean(mean[i], d * g);
                squares[i] = moments.squares(squares[i], d * g);
                sums[i] = beta3 * sums[i] + weight * g;
                sum += Math.abs(sums[i]);
                entries[i] = rate * mean[i] / (Math.sqrt(squares[i]) + d * moments.epsilon());
            }
        }

        @Override
        public boolean allSeen(long t) {
            double d = d();
            double r = beta3 * numbers.data().getDouble(2) + product;
            double estimate = sum == 0 ? d : coefficient * r / sum;
            double grown = d == first ? Math.max(d, estimate) : d;
            double largest = Math.max(Math.max(first, numbers.data().getDouble(1)), estimate);
            numbers.data().put(0, Math.min(largest, grown * growth));
            numbers.data().put(1, largest);
            numbers.data().put(2, r);
            previous = d;
            product = 0;
            sum = 0;
            return true;
        }

        /** With the d that the step found in the place of the one that it began with; then the way is longer by the step. */
        @Override
        public void correct(double[] entries, double[][] arrays, int count, double rate, long t) {
            double d = d();
            for (int i = 0; i < count; i++) {
                double root = Math.sqrt(arrays[1][i]);
                if (d != previous && arrays[0][i] != 0) {
                    entries[i] += rate
                            * arrays[0][i]
                            * (1 / (root + d * moments.epsilon()) - 1 / (root + previous * moments.epsilon()));
                }
                arrays[3][i] += entries[i];
            }
        }
    }
}
