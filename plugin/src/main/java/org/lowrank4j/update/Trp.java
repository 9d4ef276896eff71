package org.lowrank4j.update;

import java.util.List;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;

/**
 * Trained Rank Pruning (arXiv 2004.14566, algorithm 1, and the released code): W itself is trained, and every {@code
 * interval} steps it is replaced by its low-rank part before the forward pass, so that training ends near a weight that
 * two thin layers can hold ({@link org.lowrank4j.compression.FactoredModel}).
 *
 * <pre>
 * W = U S V^T (nIn x nOut),   W &lt;- U_k S_k V_k^T with the smallest k of which sum s_i^2 over k &gt;= energy * sum s_i^2
 * dL/dW += nuclear-weight * U_k V_k^T     in the step that follows a truncation
 * </pre>
 *
 * <p>The term is a sub-gradient of the nuclear norm of W; it is added to the mean gradient of the minibatch, after gradient
 * clipping. The first truncation is at the start, and the others are at the end of every {@code interval}-th step: the next
 * forward pass is the first to see them. Momentum is not projected, so the rank of W grows again between two truncations.
 *
 * <p>The rank follows from the energy; {@code rank}, {@code alpha} and {@code scaling} have no effect. A truncation costs
 * one singular value decomposition for each layer. Memory besides ordinary training: one array of the size of W.
 *
 * <p>Published for convolutions, with an energy of 0.9 and a truncation every 5 steps in the released scripts.
 */
public final class Trp implements LowRankUpdate {

    @Override
    public String name() {
        return "trp";
    }

    @Override
    public boolean usesRank() {
        return false;
    }

    @Override
    public String defaultInitialisation() {
        return "";
    }

    @Override
    public boolean hasFactors() {
        return false;
    }

    @Override
    public boolean trainsWeight() {
        return true;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("energy", "0.9", "the share of the squared singular values that a truncation keeps"),
                new MethodOption("interval", "5", "steps between two truncations"),
                new MethodOption("nuclear-weight", "3e-4", "the weight of the nuclear norm's sub-gradient"));
    }

    @Override
    public Footprint footprint(TargetWeight target) {
        long n = target.inputs();
        long m = target.outputs();
        return Footprint.of(new long[] {n, m})
                .plus("n m", n * m, target.dataType())
                .plusCounters(2);
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        double energy = options.between("energy", 0, 1);
        if (energy == 0) {
            throw new LowRankException("trp.energy=0 is refused: it would keep nothing of the weight of layer "
                    + target.layer() + ". Use a number above 0 and at most 1; 0.9 is the published one.");
        }
        return new TrpTarget(
                name(),
                target,
                energy,
                options.positiveInt("interval"),
                options.between("nuclear-weight", 0, Double.POSITIVE_INFINITY));
    }
}
