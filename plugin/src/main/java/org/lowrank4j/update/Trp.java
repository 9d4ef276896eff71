package org.lowrank4j.update;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.EnergyTruncation;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

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
public final class Trp implements WeightUpdate {

    @Override
    public String name() {
        return "trp";
    }

    @Override
    public Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS);
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("energy", "0.9", "the share of the squared singular values that a truncation keeps"),
                new MethodOption("interval", "5", "steps between two truncations"),
                new MethodOption("nuclear-weight", "3e-4", "the weight of the nuclear norm's sub-gradient"));
    }

    @Override
    public WeightTarget attach(TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        double energy = options.between("energy", 0, 1);
        if (energy == 0) {
            throw new LowRankException("trp.energy=0 is refused: it would keep nothing of the weight of layer "
                    + target.layer() + ". Use a number above 0 and at most 1; 0.9 is the published one.");
        }
        return new Target(
                target,
                energy,
                options.positiveInt("interval"),
                options.between("nuclear-weight", 0, Double.POSITIVE_INFINITY));
    }

    /** One weight that is truncated every few steps; what a program writes in between is truncated when its turn comes. */
    private static final class Target extends WeightTarget {

        private final INDArray weight;
        private final double energy;
        private final int interval;
        private final double nuclearWeight;
        /** U_k V_k^T of the last truncation. */
        private final INDArray nuclear;

        private final KeptNumber step;
        private final WeightMark truncated;

        Target(TargetWeight target, double energy, int interval, double nuclearWeight) {
            super(target);
            this.energy = energy;
            this.interval = interval;
            this.nuclearWeight = nuclearWeight;
            weight = target.weight();
            nuclear = kept().array("nuclear", 'f', weight.shape());
            step = kept().number("step", 0);
            truncated = new WeightMark(weight, kept(), "truncated");
        }

        @Override
        public boolean startMovesWeight() {
            return true;
        }

        @Override
        public void start() {
            truncate();
        }

        private void truncate() {
            EnergyTruncation truncation = EnergyTruncation.of(weight, energy);
            weight.assign(truncation.matrix().castTo(weight.dataType()));
            nuclear.assign(truncation.nuclearSubgradient().castTo(weight.dataType()));
            truncated.set();
        }

        @Override
        public boolean movesUpdaterState() {
            return true;
        }

        @Override
        public @Nullable Addition addition() {
            if (nuclearWeight == 0 || step.get() % interval != 0) {
                return null;
            }
            if (truncated.written()) {
                nuclear.assign(
                        EnergyTruncation.of(weight, energy).nuclearSubgradient().castTo(weight.dataType()));
            }
            return new Addition(nuclear, nuclearWeight);
        }

        @Override
        public void moved() {
            if (step.increment() % interval == 0) {
                truncate();
            }
        }
    }
}
