package org.lowrank4j.update;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.Kaiming;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * ReLoRA (arXiv 2307.05695, algorithm 1 and the released code): LoRA for training from scratch that starts anew every T
 * steps, so that the weight moves by a sum of updates of rank r, whose rank grows with every restart.
 *
 * <p>A restart merges s A B into the base weight, draws A (nIn x r) anew as LoRA's own start does and sets B (r x nOut) to
 * 0. The network holds the effective weight, which a restart leaves as it is, bit for bit.
 *
 * <p>The updater's state of A and of B points along the old factors, so a restart clears it, all of it by default. The
 * released runs kept a part: per tensor and per moment, the entries whose magnitude is strictly above the quantile {@code
 * prune}, 0.8 or 0.9. Use that with care under Adam: where a first moment survives its second one, while the gradient of A
 * is still 0 because B is, the step is the moment divided by Adam's epsilon.
 *
 * <p>The user's learning rate is multiplied by a jagged cosine: it warms up from 0 at the start and again, faster, after
 * every restart, because an updater without its state takes steps that are too large.
 *
 * <pre>
 * m(t) = t / first-warmup                                             for t &lt; first-warmup
 * m(t) = f + (1 - f) (1 + cos(pi p)) / 2,  p = (t - first-warmup) / (total-steps - first-warmup),  f = min-rate
 * m(t) = u / restart-warmup * m(t - u + restart-warmup)               u &lt; restart-warmup steps after a restart
 * </pre>
 *
 * <p>t counts this update's own steps, so a network that was trained before starts at 0. Only A and B follow the schedule;
 * give the updater a plain rate, about twice that of full training. Published: rank 128, alpha 32, a restart every 5000 of
 * 20000 steps, on a network that was trained in full for a while before.
 */
public final class ReLora implements FactorUpdate {

    @Override
    public String name() {
        return "relora";
    }

    @Override
    public Set<Replication> replicates() {
        return Set.of(Replication.GRADIENTS);
    }

    @Override
    public boolean learnsFromScratch() {
        return true;
    }

    @Override
    public String defaultInitialisation() {
        return "kaiming";
    }

    /** 32, as released. */
    @Override
    public double defaultAlpha() {
        return 32;
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption("total-steps", "20000", "the planned number of training steps, for the rate's fall"),
                new MethodOption(
                        "restart", "5000", "steps between two restarts, a proper divisor of relora.total-steps"),
                new MethodOption("first-warmup", "500", "steps in which the rate rises from 0 at the start"),
                new MethodOption("restart-warmup", "100", "steps in which the rate rises from 0 after a restart"),
                new MethodOption("min-rate", "0.1", "the part of the rate that is left at the end of the cosine"),
                new MethodOption(
                        "prune",
                        "1",
                        "the part of the updater's state that a restart clears, smallest magnitudes first"));
    }

    /** None: its factors also change between steps. */
    @Override
    public Set<String> factors() {
        return Set.of();
    }

    @Override
    public FactorTarget attach(TargetWeight target) {
        OptionValues options = target.optionsOf(this);
        Schedule schedule = new Schedule(
                options.positiveInt("total-steps"),
                options.positiveInt("restart"),
                options.wholeNumber("first-warmup"),
                options.wholeNumber("restart-warmup"),
                options.between("min-rate", 0, 1));
        return new Target(target, schedule, options.between("prune", 0, 1));
    }

    /**
     * LoRA on one weight that restarts.
     *
     * <p>The factors are replaced at the end of the last step before a restart, so that the next forward and backward pass
     * already see the new ones; the updater's state is pruned before the first update that follows.
     */
    private static final class Target extends Lora.Target {

        private final Schedule schedule;
        private final double pruned;
        private final KeptNumber step;
        private final SavedRandom random;

        /** @param pruned the part of each moment that a restart clears */
        Target(TargetWeight target, Schedule schedule, double pruned) {
            super(target);
            this.schedule = schedule;
            this.pruned = pruned;
            step = kept().number("step", 0);
            random = new SavedRandom(
                    kept().number("generator", target.random("relora restarts").nextLong()));
        }

        @Override
        public IUpdater updater(TrainedTensor tensor, IUpdater usersUpdater) {
            if (!usersUpdater.hasLearningRate()) {
                throw new LowRankException("relora lowers the learning rate after every restart, and "
                        + usersUpdater.getClass().getSimpleName() + " of layer " + target().layer()
                        + " has none. Use an updater with a learning rate, such as Adam or Sgd.");
            }
            IUpdater jagged = usersUpdater.clone();
            jagged.setLrAndSchedule(
                    usersUpdater.getLearningRate(0, 0),
                    new ScaledRate(usersUpdater, () -> schedule.multiplier(step.get())));
            return jagged;
        }

        @Override
        public boolean movesUpdaterState() {
            return true;
        }

        @Override
        public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
            if (schedule.restartsAfter(step.get())) {
                for (int i = 0; i < updaterStates.length; i++) {
                    if (updaterStates[i] != null) {
                        prune(updaterStates[i], tensors().get(i).length(), pruned);
                    }
                }
            }
        }

        @Override
        public void moved() {
            if (schedule.restartsAfter(step.increment())) {
                restart();
            }
        }

        /** The network's W already holds s A B, so merging is nothing but forgetting the factors. */
        private void restart() {
            double bound = Kaiming.bound(target().inputs());
            double[] drawn = new double[Math.toIntExact(a().length())];
            for (int i = 0; i < drawn.length; i++) {
                drawn[i] = bound * (2 * random.nextUniform() - 1);
            }
            a().assign(Nd4j.create(drawn, a().shape(), 'c').castTo(a().dataType()));
            b().assign(0);
            setAnew();
        }
    }

    /**
     * Clears the entries of smallest magnitude of an updater's state, separately for each of its moments: keeps those whose
     * magnitude is strictly above a quantile of all magnitudes, which lies between two of them in proportion (linear
     * interpolation).
     *
     * @param state the moments of one tensor, one after the other; or empty
     * @param length entries of the tensor
     * @param ratio 0 to 1; 1 clears everything
     */
    static void prune(INDArray state, long length, double ratio) {
        if (state.isEmpty() || ratio == 0) {
            return;
        }
        long moments = state.length() / length;
        INDArray rows = state.reshape('c', moments, length);
        for (long i = 0; i < moments; i++) {
            INDArray moment = rows.getRow(i);
            double[] entries = moment.dup().data().asDouble();
            double[] magnitudes = Arrays.stream(entries).map(Math::abs).sorted().toArray();
            double position = ratio * (magnitudes.length - 1);
            int below = (int) position;
            int above = Math.min(below + 1, magnitudes.length - 1);
            double threshold = magnitudes[below] + (position - below) * (magnitudes[above] - magnitudes[below]);
            for (int j = 0; j < entries.length; j++) {
                if (Math.abs(entries[j]) <= threshold) {
                    entries[j] = 0;
                }
            }
            moment.assign(
                    Nd4j.createFromArray(entries).castTo(moment.dataType()).reshape(moment.shape()));
        }
    }

    /**
     * When ReLoRA restarts, and its jagged cosine. Steps count from 0.
     *
     * @param totalSteps planned number of training steps; after them the rate stays at its least and nothing restarts
     * @param restart steps between two restarts
     * @param firstWarmup steps of the warm-up at the start, at most as many as before the first restart
     * @param restartWarmup steps of the warm-up after a restart, fewer than until the next one
     * @param minimum the multiplier at the end of the cosine
     */
    public record Schedule(int totalSteps, int restart, int firstWarmup, int restartWarmup, double minimum) {

        /** Refuses a schedule that never restarts, or whose warm-ups do not end before the next restart. */
        public Schedule {
            if (restart >= totalSteps || totalSteps % restart != 0) {
                throw new LowRankException("relora.restart=" + restart + " is refused: restarts are to divide"
                        + " relora.total-steps=" + totalSteps + " into equal parts, at least two. "
                        + divisors(totalSteps, restart));
            }
            if (firstWarmup > restart) {
                throw new LowRankException("relora.first-warmup=" + firstWarmup + " is refused: with relora.restart="
                        + restart + " the first restart would come before the rate has risen. Use at most " + restart
                        + ".");
            }
            if (restartWarmup >= restart) {
                throw new LowRankException("relora.restart-warmup=" + restartWarmup
                        + " is refused: with relora.restart="
                        + restart + " the next restart would come before the rate has risen again. Use less than "
                        + restart
                        + ".");
            }
        }

        private static String divisors(int totalSteps, int wanted) {
            String nearest = IntStream.rangeClosed(1, totalSteps / 2)
                    .filter(divisor -> totalSteps % divisor == 0)
                    .boxed()
                    .sorted((one, other) -> Integer.compare(Math.abs(one - wanted), Math.abs(other - wanted)))
                    .limit(3)
                    .map(String::valueOf)
                    .collect(Collectors.joining(", "));
            return nearest.isEmpty() ? "A single step cannot be divided." : "The nearest are " + nearest + ".";
        }

        /** Whether a restart comes after this many steps. */
        public boolean restartsAfter(long steps) {
            return steps > 0 && steps < totalSteps && steps % restart == 0;
        }

        /** The factor of the learning rate at a step. */
        public double multiplier(long step) {
            if (step < firstWarmup) {
                return (double) step / firstWarmup;
            }
            long sinceRestart = step % restart;
            if (step >= restart && step < totalSteps && sinceRestart < restartWarmup) {
                return (double) sinceRestart / restartWarmup * envelope(step - sinceRestart + restartWarmup);
            }
            return envelope(step);
        }

        private double envelope(long step) {
            double progress = Math.min(1, (double) (step - firstWarmup) / Math.max(1, totalSteps - firstWarmup));
            return minimum + (1 - minimum) * 0.5 * (1 + Math.cos(Math.PI * progress));
        }
    }
}
