package org.lowrank4j.loss;

import java.util.List;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;

/**
 * The Z-loss (arXiv 1604.08859): only how far the right class is above the mean of all outputs counts, in standard
 * deviations of these, evaluated in double precision.
 *
 * <pre>
 * z = (o - mean(o)) / deviation(o)      L = sum_k w_k y_k log(1 + exp(a (b - z_k))) / a
 * g_k = -w_k y_k / (1 + exp(-a (b - z_k)))      dL/do_i = (g_i - mean(g) - z_i mean(g z)) / deviation(o)
 * </pre>
 *
 * <p>It does not change when outputs are shifted or multiplied by a positive number. a and b (the {@code slope} and the {@code
 * margin}) are to be chosen for each task; the paper names no default. Not the penalty on the logarithm of softmax's sum that has the
 * same name.
 *
 * <p>Stands for LossMCXENT and LossNegativeLogLikelihood after softmax, with their class weights w. Labels y are meant to be
 * one class each; of several, the loss is the sum. Masks are one factor for each example. Where all outputs are equal, the
 * deviation counts as 1. The outputs are no logarithms of probabilities: those that softmax makes of them are not calibrated.
 */
public final class ZLoss extends ClassLoss {

    private final double slope;
    private final double margin;

    /** With a = b = 1. */
    public ZLoss() {
        this(1, 1);
    }

    private ZLoss(double slope, double margin) {
        this.slope = slope;
        this.margin = margin;
    }

    @Override
    public String name() {
        return "z-loss";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("slope", "1", "a, how sharply the loss bends at the margin, a number above 0"),
                new MethodOption("margin", "1", "b, the deviations by which the right class is to be above the mean"));
    }

    @Override
    public ZLoss with(OptionValues options) {
        return new ZLoss(options.positiveDouble("slope"), options.between("margin", -100, 100));
    }

    /** The mean of an example's outputs, and their deviation. */
    private record Spread(double mean, double deviation) {

        static Spread of(Example example) {
            int classes = example.to() - example.from();
            double mean = 0;
            for (int i = example.from(); i < example.to(); i++) {
                mean += example.z()[i] / classes;
            }
            double variance = 0;
            for (int i = example.from(); i < example.to(); i++) {
                double away = example.z()[i] - mean;
                variance += away * away / classes;
            }
            return new Spread(mean, variance == 0 ? 1 : Math.sqrt(variance));
        }

        double standardised(double output) {
            return (output - mean) / deviation;
        }
    }

    @Override
    double loss(Example example) {
        Spread spread = Spread.of(example);
        double loss = 0;
        for (int i = example.from(); i < example.to(); i++) {
            double label = example.labels()[i];
            if (label != 0) {
                double missing = slope * (margin - spread.standardised(example.z()[i]));
                loss += label * (Math.max(missing, 0) + Math.log1p(Math.exp(-Math.abs(missing)))) / slope;
            }
        }
        return loss;
    }

    @Override
    void gradient(Example example, double[] gradient) {
        Spread spread = Spread.of(example);
        int classes = example.to() - example.from();
        double mean = 0;
        double along = 0;
        for (int i = example.from(); i < example.to(); i++) {
            double z = spread.standardised(example.z()[i]);
            gradient[i] = -example.labels()[i] / (1 + Math.exp(-slope * (margin - z)));
            mean += gradient[i] / classes;
            along += gradient[i] * z / classes;
        }
        for (int i = example.from(); i < example.to(); i++) {
            double z = spread.standardised(example.z()[i]);
            gradient[i] = (gradient[i] - mean - z * along) / spread.deviation();
        }
    }
}
