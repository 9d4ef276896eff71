package org.lowrank4j.gradient;

import java.util.List;
import org.lowrank4j.LowRankException;
import org.lowrank4j.gradient.exchange.EControlCompressor;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;

/**
 * EControl (arXiv 2311.05645): each worker sends the largest entries of what its estimate of the gradient misses, and the
 * share of past errors in that is controlled, so that training reaches the optimum of all workers even where their data
 * differ. The formulas are in {@link EControlCompressor}.
 *
 * <p>State for each tensor: three arrays of its size. A message takes K entries and their positions.
 *
 * <p>Defaults: a tenth of the entries, eta 0.001, estimates that start at the first gradient. The theory takes eta in
 * proportion to the share of entries kept.
 */
public final class EControl implements GradientApproximation {

    /** Where the estimates start. */
    enum FirstEstimate {
        GRADIENT,
        ZERO
    }

    @Override
    public String name() {
        return "econtrol";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("keep", "0.1", "the share of a tensor's entries in a message, above 0 and at most 1"),
                new MethodOption(
                        "eta", "0.001", "the share of the accumulated error in a message, a number above 0, below 1"),
                new MethodOption(
                        "first-estimate",
                        "gradient",
                        "gradient: the first gradient is sent as it is; zero: estimates start at 0"));
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        double keep = options.positiveDouble("keep");
        if (keep > 1) {
            throw new LowRankException("econtrol.keep=" + keep
                    + " is refused: it is the share of a tensor's entries in a message, above 0 and at most 1 (1 sends"
                    + " all of them); 0.1 is the default.");
        }
        double eta = options.positiveDouble("eta");
        if (eta >= 1) {
            throw new LowRankException("econtrol.eta=" + eta
                    + " is refused: with 1 and more the error feeds back on itself and training diverges. Use a number"
                    + " above 0 and below 1, in proportion to econtrol.keep; 0.001 is the default.");
        }
        boolean startsAtGradient = options.choice("first-estimate", FirstEstimate.class) == FirstEstimate.GRADIENT;
        return new CompressedUpdate(
                this,
                update,
                target,
                (tensor, kept) -> new EControlCompressor(
                        kept,
                        tensor.shape()[0],
                        tensor.shape()[1],
                        Math.max(1, Math.toIntExact(Math.round(keep * tensor.length()))),
                        eta,
                        startsAtGradient));
    }
}
