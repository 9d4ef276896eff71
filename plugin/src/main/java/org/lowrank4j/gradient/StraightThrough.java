package org.lowrank4j.gradient;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Kept;
import org.lowrank4j.quantisation.NormalCells;
import org.lowrank4j.update.FactorTarget;
import org.lowrank4j.update.SidePath;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.regularization.Regularization;

/**
 * An update whose factors have few bits (Bi-LoRA, arXiv 2307.16867, section 3): W is made of factors that hold 2^bits
 * different numbers each, and what trains are factors in full precision that these are rounded from ({@link
 * QuantisedFactor}). The gradient takes the rounding for the identity.
 *
 * <p>It lies directly around the update, below any approximation of the gradient: to the update a step is the difference of
 * two quantised factors, and whoever asks for a tensor's value (the user's l1, l2 and weight decay, averages, replicas)
 * gets the one that trains.
 *
 * <p>Kept are a second array for each quantised factor, as saving and resuming need both.
 */
public class StraightThrough extends WrappedUpdate {

    /** Under which the trained factors are saved. */
    private static final String NAME = "bits";

    private final List<TrainedTensor> tensors = new ArrayList<>();
    private final List<@Nullable QuantisedFactor> quantised = new ArrayList<>();

    private StraightThrough(TargetUpdate update, int bits, Set<String> factors) {
        super(update);
        Kept kept = update.kept().under(NAME);
        for (TrainedTensor tensor : update.tensors()) {
            if (factors.contains(tensor.name())) {
                INDArray trained = kept.array(tensor.name(), tensor.order(), tensor.shape());
                INDArray used = Objects.requireNonNull(tensor.value());
                quantised.add(new QuantisedFactor(NormalCells.of(bits), trained, used));
                tensors.add(
                        new TrainedTensor(tensor.name(), tensor.shape(), tensor.order(), trained, tensor.outputSide()));
            } else {
                quantised.add(null);
                tensors.add(tensor);
            }
        }
    }

    /**
     * Gives the factors of an update few bits.
     *
     * @param bits 1 to 8, or 0 to leave the update as it is
     * @param factors the names of the tensors to quantise
     */
    public static TargetUpdate around(TargetUpdate update, int bits, Set<String> factors) {
        if (bits == 0) {
            return update;
        }
        return update instanceof FactorTarget target
                ? new OfFactors(target, bits, factors)
                : new StraightThrough(update, bits, factors);
    }

    /** With the factors that W is made of, for approximations that look at both. */
    private static final class OfFactors extends StraightThrough implements FactorTarget {

        private final FactorTarget update;

        OfFactors(FactorTarget update, int bits, Set<String> factors) {
            super(update, bits, factors);
            this.update = update;
        }

        @Override
        public Factors factors() {
            return update.factors();
        }
    }

    @Override
    public final List<TrainedTensor> tensors() {
        return tensors;
    }

    /** Whatever starts the factors takes their product for a part of W, so W stays while they are rounded. */
    @Override
    public final void start(Factors factors) {
        super.start(factors);
        takeStarted();
    }

    /** The product of the factors starts at 0, and a factor of zeros is one with any number of bits. */
    @Override
    public final void start() {
        super.start();
        takeStarted();
    }

    private void takeStarted() {
        for (QuantisedFactor factor : quantised) {
            if (factor != null) {
                factor.start();
            }
        }
    }

    /** The update's own: its steps are whole ones of its factors. */
    @Override
    public final @Nullable SidePath sidePath() {
        return sidePathOfUpdate();
    }

    @Override
    public final boolean movesUpdaterState() {
        return editsUpdaterState();
    }

    @Override
    public final Optional<String> curvatureRefusal() {
        return Optional.of(
                "factors of few bits move in jumps, so their gradients are no derivatives of the loss; leave out"
                        + " the key bits");
    }

    @Override
    public final void gradient(WeightGradient gradient, @Nullable INDArray[] gradients) {
        super.gradient(gradient, gradients);
        for (int i = 0; i < gradients.length; i++) {
            QuantisedFactor factor = quantised.get(i);
            INDArray itsGradient = gradients[i];
            if (factor != null && itsGradient != null) {
                factor.gradient(itsGradient);
            }
        }
    }

    @Override
    public final void regularise(
            Regularization term, @Nullable INDArray[] gradients, double[] learningRates, int iteration, int epoch) {
        for (int i = 0; i < gradients.length; i++) {
            INDArray value = tensors.get(i).value();
            if (value != null) {
                term.apply(value, gradients[i], learningRates[i], iteration, epoch);
            }
        }
    }

    @Override
    public final void step(INDArray[] steps) {
        move(steps);
        moved();
    }

    @Override
    public final void move(@Nullable INDArray[] steps) {
        for (int i = 0; i < steps.length; i++) {
            QuantisedFactor factor = quantised.get(i);
            INDArray step = steps[i];
            if (factor != null && step != null) {
                factor.move(step);
            }
        }
        super.move(steps);
        for (int i = 0; i < steps.length; i++) {
            QuantisedFactor factor = quantised.get(i);
            if (factor != null && steps[i] != null) {
                factor.settle();
            }
        }
    }
}
