package org.lowrank4j.update;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.SwitchLoraStart;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.MethodOption;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.Replication;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.updater.ChosenUpdater;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.AdaDelta;
import org.nd4j.linalg.learning.config.AdaGrad;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.Regularization;

/**
 * SwitchLoRA (arXiv 2406.06564, algorithm 1 and the released code): LoRA for training from scratch, whose vectors are
 * exchanged a few at a time with candidates from two pools, so that the update reaches far more than r dimensions.
 *
 * <p>Between backward and update, k columns of A and k rows of B take the next candidates of their pools and W absorbs
 * the difference, so the effective weight stays as it is. Column i of A and row i of B are counterparts: dB_i = s A_i^T
 * G changes completely when A_i does, so an exchanged vector's counterpart loses its updater state and stays frozen for
 * {@code freeze} steps, while the exchanged vector itself trains on.
 *
 * <p>Vectors are exchanged in cyclic order, B half a cycle ahead of A, at a falling rate:
 *
 * <pre>k(t) = r / interval * 0.3^((t + 1) / (ratio * total-steps))</pre>
 *
 * <p>Published with alpha = 1. Where the pools of q = min(nIn, nOut) candidates have no vector to spare (q &lt;= r) nothing
 * is exchanged.
 */
public final class SwitchLora implements FactorUpdate {

    @Override
    public String name() {
        return "switchlora";
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
        return "switchlora";
    }

    @Override
    public List<MethodOption> options() {
        return List.of(
                new MethodOption(
                        "interval", "40", "steps until every vector was exchanged once, at first; at least 2 x freeze"),
                new MethodOption("ratio", "0.1", "the part of total-steps after which the rate has fallen to 30 %"),
                new MethodOption("total-steps", "40000", "the planned number of training steps, for the rate's fall"),
                new MethodOption("freeze", "5", "steps for which the counterpart of an exchanged vector is frozen"));
    }

    /** 1, with which the published start keeps the outputs' variance. */
    @Override
    public double defaultAlpha() {
        return 1;
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
                options.positiveInt("interval"),
                options.positiveDouble("ratio"),
                options.positiveInt("total-steps"),
                options.positiveInt("freeze"));
        return new Target(target, schedule);
    }

    @Override
    public Optional<String> exchange() {
        return Optional.of("it exchanges vectors of A and B between the backward pass and the updater");
    }

    @Override
    public Optional<String> curvatureRefusal() {
        return Optional.of("it clears the updater's state of single vectors and has their steps counted one by one");
    }

    /**
     * The state of one weight that SwitchLoRA trains.
     *
     * <p>The network holds the effective weight, and an exchange leaves it as it is; so an exchange only swaps vectors of the
     * factors, and the base W - s A B moves by itself.
     */
    static final class Target extends Lora.Target {

        /** Updaters whose rule knows no step count, so that clearing a vector's state is all that a reset takes. */
        private static final List<Class<? extends IUpdater>> WITHOUT_BIAS_CORRECTION =
                List.of(Sgd.class, Nesterovs.class, RmsProp.class, AdaGrad.class, AdaDelta.class, NoOp.class);

        private final Schedule schedule;
        private final SwitchedFactor columnsOfA;
        private final SwitchedFactor rowsOfB;
        private final KeptNumber step;
        private final SavedRandom random;

        Target(TargetWeight target, Schedule schedule) {
            super(target);
            this.schedule = schedule;
            long inputs = target.inputs();
            long outputs = target.outputs();
            int rank = target.rank();
            int poolSize = Math.toIntExact(Math.min(inputs, outputs));
            columnsOfA = new SwitchedFactor(
                    kept(),
                    A,
                    a().transpose(),
                    poolSize,
                    0,
                    SwitchLoraStart.bound(SwitchLoraStart.deviationOfA(inputs, outputs, rank)),
                    target.random("switchlora pool of A"));
            rowsOfB = new SwitchedFactor(
                    kept(),
                    B,
                    b(),
                    poolSize,
                    rank / 2,
                    SwitchLoraStart.bound(SwitchLoraStart.deviationOfB(inputs, outputs, rank)),
                    target.random("switchlora pool of B"));
            step = kept().number("schedule", 0);
            random = new SavedRandom(kept().number(
                            "generator", target.random("switchlora exchanges").nextLong()));
        }

        @Override
        public IUpdater updater(TrainedTensor tensor, IUpdater usersUpdater) {
            if (usersUpdater instanceof Adam adam) {
                return new VectorwiseAdam(adam, (tensor.name().equals(A) ? columnsOfA : rowsOfB).steps());
            }
            if (WITHOUT_BIAS_CORRECTION.contains(usersUpdater.getClass())) {
                return usersUpdater;
            }
            throw new LowRankException("switchlora clears the updater's state of single vectors, and "
                    + ChosenUpdater.name(usersUpdater) + " of layer " + target().layer()
                    + " counts its steps for the whole tensor. Use Adam (which then counts per vector), or one of Sgd,"
                    + " Nesterovs, RmsProp, AdaGrad, AdaDelta.");
        }

        @Override
        public boolean movesUpdaterState() {
            return true;
        }

        @Override
        public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
            long t = step.get();
            double expected = schedule.switches(t, target().rank());
            int countOfA = roundedAtRandom(expected);
            int countOfB = roundedAtRandom(expected);
            exchange(countOfA, countOfB, gradients, updaterStates);
            step.increment();
        }

        /** One event: exchanges this many vectors of each factor, then zeroes the gradients of all that are frozen. */
        void exchange(int countOfA, int countOfB, INDArray[] gradients, INDArray[] updaterStates) {
            columnsOfA.exchange(
                    countOfA, vector -> rowsOfB.clearAndFreeze(vector, schedule.freeze(), updaterStates[1]));
            rowsOfB.exchange(
                    countOfB, vector -> columnsOfA.clearAndFreeze(vector, schedule.freeze(), updaterStates[0]));
            columnsOfA.beginUpdate();
            rowsOfB.beginUpdate();
            zeroFrozen(gradients);
        }

        @Override
        public void regularise(
                Regularization term, INDArray[] gradients, double[] learningRates, int iteration, int epoch) {
            super.regularise(term, gradients, learningRates, iteration, epoch);
            zeroFrozen(gradients);
        }

        @Override
        public void moved() {
            columnsOfA.endUpdate();
            rowsOfB.endUpdate();
        }

        private void zeroFrozen(INDArray[] gradients) {
            if (columnsOfA.hasFrozen()) {
                columnsOfA.zeroFrozen(gradients[0].transpose());
            }
            if (rowsOfB.hasFrozen()) {
                rowsOfB.zeroFrozen(gradients[1]);
            }
        }

        /** The whole part for certain and one more with the probability of the fraction. */
        private int roundedAtRandom(double expected) {
            int whole = (int) expected;
            return random.nextUniform() < expected - whole ? whole + 1 : whole;
        }
    }

    /**
     * How many vectors SwitchLoRA exchanges at which step.
     *
     * @param interval steps in which every vector is exchanged once, at the first rate
     * @param ratio part of the training after which the rate has fallen to 30 %
     * @param totalSteps planned number of training steps
     * @param freeze steps for which a counterpart is frozen
     */
    public record Schedule(int interval, double ratio, int totalSteps, int freeze) {

        private static final double SLOWEST = 1e-8;

        /** Refuses an interval that would exchange vectors that are still frozen. */
        public Schedule {
            if (interval < 2L * freeze) {
                throw new LowRankException(
                        "switchlora.interval=" + interval + " is refused: with switchlora.freeze=" + freeze
                                + " a vector would be exchanged while it is still frozen. Use an interval of at least "
                                + 2L * freeze + " or a freeze of at most " + interval / 2 + ".");
            }
        }

        /** The rate of exchange at a step, counted from 0, in parts of the first one. */
        public double rate(long step) {
            return Math.max(SLOWEST, Math.pow(0.3, (step + 1) / (ratio * totalSteps)));
        }

        /** Steps in which every vector would be exchanged once at this step's rate. */
        public double interval(long step) {
            return interval / rate(step);
        }

        /** The expected number of vectors that one factor exchanges at a step. */
        public double switches(long step, int rank) {
            return rank / interval(step);
        }
    }
}
