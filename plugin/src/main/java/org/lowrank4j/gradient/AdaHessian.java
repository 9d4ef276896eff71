package org.lowrank4j.gradient;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.ExtraPasses;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;

/**
 * AdaHessian (arXiv 2006.00719, algorithm 1, and the released code) in the place of the user's updater: an Adam whose
 * second moment is that of h = |H z|, with H the Hessian of the loss and z random signs. The formulas are in {@link
 * CurvatureMoments}; that of a convolution's filters is averaged over the places of each channel. h is not |diag H|, which z * H z would average to: its root mean square is the length of H's rows.
 *
 * <p>DL4J differentiates once, so H z is the difference of two gradients,
 *
 * <pre>H z = (grad(theta + e z) - grad(theta - e z)) / 2e,   e = displacement * RMS(theta)</pre>
 *
 * of the step's own minibatch with the same masks, random numbers and recurrent state, and of all tensors that it is given
 * at once: a step passes the minibatch three times, and takes three times as long. Their errors are of the size of
 * displacement^2 and of the rounding of a gradient over displacement, so that {@code displacement=auto} is 1e-2 in float
 * and 1e-5 in double. l2 belongs to the loss, and to its Hessian; l1, which has no curvature, does not. Gradient
 * normalisation is for the gradient alone. Weight decay is multiplied by the rate.
 *
 * <p>Rate and schedule are the updater's. Published rate 0.15, betas 0.9 and 0.999, epsilon 1e-4, power 1, weights trained
 * in full.
 *
 * <p>For every update whose gradients are derivatives of the loss. What an update clears of the updater's state, it clears
 * of the moments. Tensors and W are put back bit for bit after the extra passes, from copies. So the memory on top of weights
 * and gradients is, for n trained entries, 4 n (both moments, z and H z), of which 2 n are saved, and a copy of what is moved:
 * n for {@code full}; n and W for the others.
 */
public final class AdaHessian implements GradientApproximation {

    private static final String AUTO = "auto";

    /**
     * What does not change from step to step.
     *
     * @param beta1 the first moment's factor, from 0 to below 1
     * @param beta2 the second moment's factor, from 0 to below 1
     * @param epsilon what the divisor is raised by
     * @param power of the divisor, from 0 (plain momentum) to 1
     */
    public record Settings(double beta1, double beta2, double epsilon, double power) {}

    @Override
    public String name() {
        return "adahessian";
    }

    @Override
    public RunOfUpdater runOfUpdater() {
        return RunOfUpdater.NEVER;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "displacement",
                        AUTO,
                        "how far weights are moved for the second derivative, relative to their root mean square, a number"
                                + " above 0; auto: 1e-2 in float, 1e-5 in double"),
                new MethodOption("beta1", "0.9", "the first moment's factor, from 0 to below 1"),
                new MethodOption("beta2", "0.999", "the second moment's factor, from 0 to below 1"),
                new MethodOption("epsilon", "1e-4", "what the divisor is raised by, a number above 0"),
                new MethodOption("power", "1", "the power of the divisor, from 0 to 1"));
    }

    @Override
    public Optional<String> refusal(LowRankUpdate update) {
        return Needs.steps(update)
                .or(() -> update.curvatureRefusal()
                        .map(reason ->
                                "it takes a second derivative along the update's tensors for an Adam of its own, and with"
                                        + " this update that cannot be, because " + reason));
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        requireDerivatives(update, target);
        OptionValues options = target.optionsOf(this);
        Settings settings = new Settings(
                options.belowOne("beta1"),
                options.belowOne("beta2"),
                options.positiveDouble("epsilon"),
                options.between("power", 0, 1));
        double relative = relativeDisplacement(options, target);
        target.say(
                "gradient=adahessian passes every minibatch forward and backward twice more, for the curvature: a step"
                        + " takes about three times as long.");
        HessianProduct product = target.shared().part(HessianProduct.class, () -> new HessianProduct(relative));
        return product.add(new Target(update, target, target.kept().under(name()), settings, product), relative);
    }

    private static void requireDerivatives(TargetUpdate update, TargetWeight target) {
        Optional<String> refusal = update.extraPasses() != null
                ? Optional.of("its step is that of several passes, whose sum no single pass differentiates")
                : update.curvatureRefusal();
        refusal.ifPresent(reason -> {
            throw new LowRankException("gradient=adahessian takes a second derivative along the tensors of layer "
                    + target.layer() + ", and the options of its update do not allow that: " + reason + ".");
        });
    }

    private static double relativeDisplacement(OptionValues options, TargetWeight target) {
        if (!options.text("displacement").strip().equals(AUTO)) {
            return options.positiveDouble("displacement");
        }
        return target.dataType() == DataType.DOUBLE ? 1e-5 : 1e-2;
    }

    /** One target whose tensors are stepped by {@link AdaHessian}. */
    static final class Target extends WrappedUpdate {

        private final HessianProduct.Displacement displacement;
        private final HessianProduct product;
        private final long seed;
        private final Map<String, Tensor> tensors = new LinkedHashMap<>();

        Target(
                TargetUpdate update,
                TargetWeight target,
                Kept kept,
                AdaHessian.Settings settings,
                HessianProduct product) {
            super(update);
            this.product = product;
            displacement = new HessianProduct.Displacement(update, target.weight(), kept);
            seed = target.random("adahessian directions").nextLong();
            for (TrainedTensor tensor : update.tensors()) {
                List<Long> kernel = hasRowsOf(target, tensor) ? target.kernel() : List.of();
                tensors.put(tensor.name(), new Tensor(tensor, kept.under(tensor.name()), kernel, settings));
            }
        }

        /** Whether a row of a tensor is one of W's, as those of W itself and of A are, which is r filters. */
        private static boolean hasRowsOf(TargetWeight target, TrainedTensor tensor) {
            return !tensor.name().equals("B") && tensor.shape()[0] == target.inputs();
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
            displacement.move(tensors.values().stream().map(Tensor::direction).toList(), by);
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
            for (Tensor tensor : tensors.values()) {
                tensor.product().assign(gradients[i++]);
            }
        }

        /** The gradients at theta - e z. */
        void below(INDArray[] gradients, double distance) {
            int i = 0;
            for (Tensor tensor : tensors.values()) {
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
                for (Tensor tensor : tensors.values()) {
                    term.apply(tensor.direction(), tensor.product(), learningRates[i++], iteration, epoch);
                }
            }
        }

        /** The moments are what the update may edit: laid out as Adam's, the first, then the second. */
        @Override
        public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
            if (editsUpdaterState()) {
                INDArray[] states =
                        tensors.values().stream().map(Tensor::moments).toArray(INDArray[]::new);
                super.beforeUpdater(gradients, states);
                int i = 0;
                for (Tensor tensor : tensors.values()) {
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

    /** One tensor under {@link AdaHessian}: z, H z and the moments. */
    private static final class Tensor implements MethodUpdater.Rule {

        private final TrainedTensor tensor;
        private final CurvatureMoments moments;
        private final INDArray direction;
        private final INDArray product;

        Tensor(TrainedTensor tensor, Kept kept, List<Long> kernel, AdaHessian.Settings settings) {
            this.tensor = tensor;
            moments = new CurvatureMoments(kept, tensor.shape(), tensor.order(), kernel, settings);
            direction = kept.work("z", tensor.order(), tensor.shape());
            product = kept.work("H z", tensor.order(), tensor.shape());
        }

        long steps() {
            return moments.steps();
        }

        /** Sets z, entry by entry in the tensor's order, from the bits of the generator. */
        void draw(SplittableRandom random) {
            float[] signs = new float[Math.toIntExact(tensor.length())];
            long bits = 0;
            for (int i = 0; i < signs.length; i++) {
                if (i % Long.SIZE == 0) {
                    bits = random.nextLong();
                }
                signs[i] = (bits & 1) == 0 ? -1 : 1;
                bits >>>= 1;
            }
            try (INDArray drawn = Nd4j.create(signs, tensor.shape(), tensor.order())) {
                direction.assign(drawn);
            }
        }

        /** z. */
        INDArray direction() {
            return direction;
        }

        /** H z, or on the way to it. */
        INDArray product() {
            return product;
        }

        /** A copy of both moments, one after the other, each in the tensor's order. */
        INDArray moments() {
            return moments.state();
        }

        /** Puts such a copy back, as it is now. */
        void moments(INDArray state) {
            moments.state(state);
        }

        @Override
        public void apply(INDArray gradient, IUpdater users, int iteration, int epoch) {
            moments.apply(gradient.reshape(tensor.order(), tensor.shape()), product, rate(users, iteration, epoch));
        }
    }
}
