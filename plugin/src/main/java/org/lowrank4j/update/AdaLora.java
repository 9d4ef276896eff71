package org.lowrank4j.update;

import java.util.List;
import java.util.Map;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;

/**
 * AdaLoRA (arXiv 2303.10512, equations 3 to 12, as in the reference PEFT library): the change of W is a trained singular
 * value decomposition s A diag(E) B with A nIn x r, E r numbers and B r x nOut, and a budget of ranks that falls during
 * training goes to the triplets (E_i, column i of A, row i of B) of the network that matter most.
 *
 * <pre>
 * s = alpha / (r + 1e-5),   dA = s G B^T diag(E),   dE_i = s (A^T G B^T)_ii,   dB = s diag(E) A^T G
 * dA += w A (A^T A - I) / |A^T A - I|_F / L        and so for B: w times the mean over all 2 L matrices of the norm
 * I = |p dp| of each entry,   Ibar = b1 Ibar + (1 - b1) I,   Ubar = b2 Ubar + (1 - b2) |I - Ibar|
 * score_i = (Ibar Ubar)(E_i) + mean over column i of A + mean over row i of B
 * budget(t) = bT + (b0 - bT) (1 - (t - t0) / (T - tf - t0))^3      t = 1, 2, ...; b0 before t0, bT from T - tf on
 * </pre>
 *
 * <p>After the updates t = k delta-t between t0 and T - tf, E_i of every triplet outside the budget is set to 0, over all L
 * layers of a network that have this update; it may grow again until the next allocation. From T - tf on the same triplets
 * stay at 0. This moves W, as published; everything else leaves it as the factors say.
 *
 * <p>{@code rank} is the rank that each layer starts with; b0 is their sum. A and B start normal with standard deviation
 * 0.02 and E at 0, so the network starts unchanged and the first step moves only E. Published with rank 12 and a target
 * rank of 8. Next to A, E and B it keeps their Ibar, Ubar and last gradient: four times the trained numbers.
 */
public final class AdaLora implements OwnUpdate {

    private static final String TARGET_RANK = "target-rank";
    private static final String TWO_THIRDS = "two-thirds";

    @Override
    public String name() {
        return "adalora";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("total-steps", "", "T, the planned number of training steps, which must be given"),
                new MethodOption("initial-steps", "0", "t0, steps at the start in which every triplet stays"),
                new MethodOption("final-steps", "0", "tf, steps at the end in which the choice of triplets is fixed"),
                new MethodOption("interval", "1", "delta-t, steps between two allocations of the budget"),
                new MethodOption(
                        TARGET_RANK,
                        TWO_THIRDS,
                        "the mean rank at the end, at most the rank; two-thirds is that part of the rank"),
                new MethodOption("beta1", "0.85", "b1, how much of the old importance stays in each step"),
                new MethodOption("beta2", "0.85", "b2, how much of the old uncertainty stays in each step"),
                new MethodOption(
                        "orthogonal-weight", "0.5", "w, the weight of the orthogonality of A and B in the loss"));
    }

    /**
     * The factor of the update.
     *
     * @param ranks number of triplets; the released code keeps the scale finite where none is left
     */
    public static double scale(TargetWeight target, int ranks) {
        return target.scale() * target.rank() / (ranks + 1e-5);
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        AdaLoraSchedule schedule = new AdaLoraSchedule(
                options.positiveInt("total-steps"),
                options.wholeNumber("initial-steps"),
                options.wholeNumber("final-steps"),
                options.positiveInt("interval"));
        return new AdaLoraTarget(
                target,
                scale(target, target.rank()),
                schedule,
                targetRank(target, options),
                below1(options, "beta1"),
                below1(options, "beta2"),
                options.between("orthogonal-weight", 0, Double.POSITIVE_INFINITY));
    }

    /** With 1, importance would stay 0, and the budget would take every triplet. */
    private static double below1(OptionValues options, String option) {
        double share = options.between(option, 0, 1);
        if (share == 1) {
            throw new LowRankException("adalora." + option + "=1 is refused: nothing that is learnt about the triplets"
                    + " would ever count. Use a number from 0 to below 1; 0.85 is published.");
        }
        return share;
    }

    @Override
    public Map<String, String> optionsForRank(int asked, int rank, OptionValues options) {
        if (options.text(TARGET_RANK).equals(TWO_THIRDS)) {
            return Map.of();
        }
        int wanted = options.positiveInt(TARGET_RANK);
        return wanted > rank && wanted <= asked ? Map.of(name() + "." + TARGET_RANK, Integer.toString(rank)) : Map.of();
    }

    private int targetRank(TargetWeight target, OptionValues options) {
        if (options.text(TARGET_RANK).equals(TWO_THIRDS)) {
            return Math.max(1, Math.round(2 * target.rank() / 3f));
        }
        int wanted = options.positiveInt(TARGET_RANK);
        if (wanted > target.rank()) {
            throw new LowRankException("adalora.target-rank=" + wanted + " is refused: layer " + target.layer()
                    + " starts with rank " + target.rank() + ", and the budget only falls. Use at most " + target.rank()
                    + ", or a higher rank.");
        }
        return wanted;
    }
}
