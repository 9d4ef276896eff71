package org.lowrank4j.gradient;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.gradient.Adafactor.RelativeStep;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * Adafactor (arXiv 1804.04235, algorithms 4 to 6 and the common implementation) in the place of the user's updater: an
 * Adam whose second moment of a tensor n x m is kept as a column of n and a row of m.
 *
 * <pre>
 * u = g / sqrt(R C / mean(R))                              see {@link NormalisedGradient}
 * u /= max(1, RMS(u) / clip)
 * w -= rate u,   or, with momentum,   M = momentum M + (1 - momentum) rate u,   w -= M
 * relative step:   rate = min(1e-2, 1 / sqrt(t)) * max(1e-3, RMS(w)),   1e-6 t in the place of 1e-2 in a warm-up
 * </pre>
 *
 * <p>A tensor with one row or column keeps its whole second moment that way. The user's weight decay is multiplied by the
 * rate. With {@code relative-step=yes}, as published, the rates are Adafactor's own, and the updater's rate and schedule
 * are not used, but that a rate of 0 still moves nothing; factors that start at 0 then grow very slowly, so {@code no} is
 * the choice for {@code update=lora}. With {@code no} the rate is the updater's, as it stands in its schedule.
 *
 * <p>State: n + m entries for each tensor, n m more with momentum.
 */
public final class Adafactor implements GradientApproximation {

    /** Where the rates come from. */
    enum RelativeStep {
        YES,
        WARM_UP,
        NO
    }

    /**
     * What does not change from step to step.
     *
     * @param clip the largest RMS of an update, infinite for no clipping
     * @param decay the exponent of t in beta_t, positive
     * @param momentum 0 for none
     */
    record Settings(RelativeStep relativeStep, double clip, double decay, double momentum) {}

    @Override
    public String name() {
        return "adafactor";
    }

    @Override
    public RunOfUpdater runOfUpdater() {
        return RunOfUpdater.NEVER;
    }

    @Override
    public Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS);
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "relative-step",
                        "yes",
                        "yes: rates in proportion to the tensor's size; warm-up: the same, starting at 1e-6; no: the"
                                + " updater's rate"),
                new MethodOption("clip", "1", "the largest root mean square of an update, a number above 0 or none"),
                new MethodOption(
                        "decay", "0.8", "the second moment's rate of forgetting is t^-decay, a number above 0"),
                new MethodOption(
                        "momentum", "none", "the first moment's factor, a number above 0 and below 1, or none"));
    }

    @Override
    public Optional<String> refusal(LowRankUpdate update) {
        return Needs.steps(update);
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        Settings settings = new Settings(
                options.choice("relative-step", RelativeStep.class),
                isNone(options, "clip") ? Double.POSITIVE_INFINITY : options.positiveDouble("clip"),
                options.positiveDouble("decay"),
                momentum(options));
        if (settings.relativeStep() != RelativeStep.NO) {
            for (TrainedTensor tensor : update.tensors()) {
                if (tensor.value() == null) {
                    throw new LowRankException("adafactor.relative-step needs the tensor whose size a step is relative"
                            + " to, and " + tensor.name() + " of layer " + target.layer()
                            + " has none. Use adafactor.relative-step=no.");
                }
            }
            target.say("gradient=adafactor sets the learning rates of the weights that it trains, in proportion to"
                    + " their size; those of the updater and its schedule are not used there."
                    + " adafactor.relative-step=no keeps them.");
        }
        return new Target(update, target.kept().under(name()), settings);
    }

    private static double momentum(OptionValues options) {
        if (isNone(options, "momentum")) {
            return 0;
        }
        double momentum = options.positiveDouble("momentum");
        if (momentum >= 1) {
            throw new LowRankException("adafactor.momentum=" + momentum
                    + " is refused: it is the share of the last steps in the next one, a number above 0 and below 1, or"
                    + " none; 0.9 is common.");
        }
        return momentum;
    }

    private static boolean isNone(OptionValues options, String option) {
        return options.text(option).strip().equalsIgnoreCase("none");
    }

    /** One target whose tensors are stepped by Adafactor. */
    private static final class Target extends WrappedUpdate {

        private final Map<String, Tensor> tensors = new HashMap<>();

        Target(TargetUpdate update, Kept kept, Settings settings) {
            super(update);
            for (TrainedTensor tensor : update.tensors()) {
                tensors.put(tensor.name(), new Tensor(tensor, kept.under(tensor.name()), settings));
            }
        }

        /** Of the updater that the update would use, only the rate counts. */
        @Override
        public IUpdater updater(TrainedTensor tensor, IUpdater usersUpdater) {
            return new MethodUpdater(
                    super.updater(tensor, usersUpdater), Objects.requireNonNull(tensors.get(tensor.name())));
        }
    }

    /** The state of one tensor, and its steps. */
    private static final class Tensor implements MethodUpdater.Rule {

        private static final double LARGEST_STEP = 1e-2;
        private static final double WARM_UP = 1e-6;

        private final TrainedTensor tensor;
        private final Settings settings;
        private final NormalisedGradient normalised;
        private final @Nullable INDArray momentum;
        /** The rate of the last step. */
        private double lastRate;

        Tensor(TrainedTensor tensor, Kept kept, Settings settings) {
            this.tensor = tensor;
            this.settings = settings;
            normalised = new NormalisedGradient(tensor.shape(), settings.decay(), kept);
            momentum = settings.momentum() == 0 ? null : kept.array("momentum", 'c', tensor.length());
        }

        @Override
        public void apply(INDArray gradient, IUpdater users, int iteration, int epoch) {
            INDArray g = gradient.reshape(tensor.order(), tensor.shape());
            normalised.normalise(g);
            double clipped = NormalisedGradient.clipped(g, settings.clip());
            lastRate = nextRate(users, iteration, epoch, normalised.steps());
            gradient.muli(lastRate * clipped);
            INDArray past = momentum;
            if (past != null) {
                past.muli(settings.momentum()).addi(gradient.mul(1 - settings.momentum()));
                gradient.assign(past);
            }
        }

        private double nextRate(IUpdater users, int iteration, int epoch, long t) {
            double usersRate = MethodUpdater.Rule.super.rate(users, iteration, epoch);
            INDArray value = tensor.value();
            if (settings.relativeStep() == RelativeStep.NO || usersRate == 0 || value == null) {
                return usersRate;
            }
            double largest = settings.relativeStep() == RelativeStep.WARM_UP ? WARM_UP * t : LARGEST_STEP;
            return Math.min(largest, 1 / Math.sqrt(t)) * NormalisedGradient.size(value);
        }

        /** What decoupled decay is multiplied by: it runs after the step. */
        @Override
        public double rate(IUpdater users, int iteration, int epoch) {
            return settings.relativeStep() == RelativeStep.NO
                    ? MethodUpdater.Rule.super.rate(users, iteration, epoch)
                    : lastRate;
        }
    }
}
