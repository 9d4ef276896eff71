package org.lowrank4j.gradient;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.ExtraPasses;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;

/** One target whose tensors are stepped by {@link AdaHessian}. */
final class AdaHessianTarget extends WrappedUpdate {

    private final Displacement displacement;
    private final HessianProduct product;
    private final long seed;
    private final Map<String, AdaHessianTensor> tensors = new LinkedHashMap<>();

    AdaHessianTarget(
            TargetUpdate update, TargetWeight target, Kept kept, AdaHessian.Settings settings, HessianProduct product) {
        super(update);
        this.product = product;
        displacement = new Displacement(update, target.weight(), kept);
        seed = target.random("adahessian directions").nextLong();
        for (TrainedTensor tensor : update.tensors()) {
            tensors.put(tensor.name(), new AdaHessianTensor(tensor, kept.under(tensor.name()), settings));
        }
    }

    @Override
    public ExtraPasses extraPasses() {
        return product;
    }

    /** Draws z, the same again where a step was left out, and remembers where everything is. */
    void begin() {
        long steps = tensors.values().iterator().next().steps();
        SplittableRandom random = new SplittableRandom(seed + steps);
        tensors.values().forEach(tensor -> tensor.draw(random));
        displacement.keep();
    }

    void displace(double by) {
        displacement.move(
                tensors.values().stream().map(AdaHessianTensor::direction).toList(), by);
    }

    void putBack() {
        displacement.putBack();
    }

    /** The sum of the squares of all entries. */
    double squares() {
        return displacement.squares();
    }

    /** Number of entries. */
    long entries() {
        return tensors().stream().mapToLong(TrainedTensor::length).sum();
    }

    /** The gradients at theta + e z. */
    void above(INDArray[] gradients) {
        int i = 0;
        for (AdaHessianTensor tensor : tensors.values()) {
            tensor.product().assign(gradients[i++]);
        }
    }

    /** The gradients at theta - e z. */
    void below(INDArray[] gradients, double distance) {
        int i = 0;
        for (AdaHessianTensor tensor : tensors.values()) {
            tensor.product().subi(gradients[i++]).divi(2 * distance);
        }
    }

    /** The gradient of an l2 term is linear, so that of z is what the term adds to H z. */
    @Override
    public void regularise(
            Regularization term, INDArray[] gradients, double[] learningRates, int iteration, int epoch) {
        super.regularise(term, gradients, learningRates, iteration, epoch);
        if (term instanceof L2Regularization) {
            int i = 0;
            for (AdaHessianTensor tensor : tensors.values()) {
                term.apply(tensor.direction(), tensor.product(), learningRates[i++], iteration, epoch);
            }
        }
    }

    /** The moments are what the update may edit: laid out as Adam's, the first, then the second. */
    @Override
    public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
        if (editsUpdaterState()) {
            INDArray[] states =
                    tensors.values().stream().map(AdaHessianTensor::moments).toArray(INDArray[]::new);
            super.beforeUpdater(gradients, states);
            int i = 0;
            for (AdaHessianTensor tensor : tensors.values()) {
                tensor.moments(states[i++]);
            }
        }
    }

    /** Of the updater that the update would use, only the rate counts. */
    @Override
    public IUpdater updater(TrainedTensor tensor, IUpdater usersUpdater) {
        return new MethodUpdater(
                super.updater(tensor, usersUpdater), Objects.requireNonNull(tensors.get(tensor.name())));
    }
}
