package org.lowrank4j.gradient;

import java.util.List;
import org.lowrank4j.gradient.exchange.PowerSgdCompressor;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.WeightTarget;

/**
 * PowerSGD (arXiv 1905.13727): the gradient of each trained tensor is replaced by an approximation of low rank that is
 * cheap to average over workers, with error feedback. The formulas are in {@link PowerSgdCompressor}. The user's updater,
 * and so momentum, comes after it.
 *
 * <p>State for a tensor n x m: the error, n m entries, and the query, n r. A message takes r (n + m) entries.
 *
 * <p>Published: rank 1 to 4, and in the released library compression from step 100 on, of tensors whose messages are at
 * most half as large. Under {@code update=full} the rank is the rule's.
 */
public final class PowerSgd implements GradientApproximation {

    @Override
    public String name() {
        return "powersgd";
    }

    @Override
    public boolean usesRank() {
        return true;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "rank",
                        "rule",
                        "rank of the approximation, a whole number above 0; rule is the rule's rank where W itself is"
                                + " trained, and 1 for smaller tensors"),
                new MethodOption("start", "100", "the steps that are not compressed, a whole number from 0"),
                new MethodOption(
                        "least-ratio",
                        "2",
                        "how many times smaller than a tensor its messages must be, else it is not compressed"));
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        int rank = rank(options, update instanceof WeightTarget, target);
        int start = options.wholeNumber("start");
        double leastRatio = options.positiveDouble("least-ratio");
        return new CompressedUpdate(
                this,
                update,
                target,
                (tensor, kept) -> new PowerSgdCompressor(
                        kept,
                        tensor.shape()[0],
                        tensor.shape()[1],
                        rank,
                        start,
                        leastRatio,
                        target.random("powersgd query of " + tensor.name())));
    }

    private static int rank(OptionValues options, boolean ofWeightItself, TargetWeight target) {
        if (options.text("rank").strip().equals("rule")) {
            return ofWeightItself ? target.rank() : 1;
        }
        return options.positiveInt("rank");
    }
}
