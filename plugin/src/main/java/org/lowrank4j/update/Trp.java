package org.lowrank4j.update;

import java.util.List;
import java.util.Set;
import java.util.function.Function;
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
 * <p>Published for convolutions, with an energy of 0.9 and a truncation every 5 steps in the released scripts. There {@code
 * form} says which matrices of a two-dimensional convolution are truncated; W is, of all other layers.
 *
 * <pre>
 * channel      (channel, y, x) x filter, which is W
 * spatial      (channel, y) x (filter, x)
 * decoupled    channel x (y, x), of each filter by itself
 * </pre>
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
                new MethodOption("nuclear-weight", "3e-4", "the weight of the nuclear norm's sub-gradient"),
                new MethodOption(
                        "form",
                        "channel",
                        "which matrices of a two-dimensional convolution are to have low rank: channel, spatial or"
                                + " decoupled"));
    }

    @Override
    public WeightTarget attach(TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        double energy = options.between("energy", 0, 1);
        if (energy == 0) {
            throw new LowRankException("trp.energy=0 is refused: it would keep nothing of the weight of layer "
                    + target.layer() + ". Use a number above 0 and at most 1; 0.9 is the published one.");
        }
        TrpForm form = options.choice("form", TrpForm.class);
        return new Target(
                target,
                target.kernel().size() == 2 ? form : TrpForm.CHANNEL,
                energy,
                options.positiveInt("interval"),
                options.between("nuclear-weight", 0, Double.POSITIVE_INFINITY));
    }

    /** One weight that is truncated every few steps; what a program writes in between is truncated when its turn comes. */
    private static final class Target extends WeightTarget {

        private final INDArray weight;
        private final List<Long> kernel;
        private final TrpForm form;
        private final double energy;
        private final int interval;
        private final double nuclearWeight;
        /** U_k V_k^T of the last truncation. */
        private final INDArray nuclear;

        private final KeptNumber step;
        private final WeightMark truncated;

        Target(TargetWeight target, TrpForm form, double energy, int interval, double nuclearWeight) {
            super(target);
            this.form = form;
            kernel = target.kernel();
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
            List<EnergyTruncation> truncations = truncations();
            assign(weight, truncations, EnergyTruncation::matrix);
            assign(nuclear, truncations, EnergyTruncation::nuclearSubgradient);
            truncated.set();
        }

        private List<EnergyTruncation> truncations() {
            return form.matrices(weight, kernel).stream()
                    .map(matrix -> EnergyTruncation.of(matrix, energy))
                    .toList();
        }

        private void assign(
                INDArray to, List<EnergyTruncation> truncations, Function<EnergyTruncation, INDArray> part) {
            INDArray whole = form.whole(truncations.stream().map(part).toList(), weight.shape(), kernel);
            to.assign(whole.castTo(to.dataType()));
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
                assign(nuclear, truncations(), EnergyTruncation::nuclearSubgradient);
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
