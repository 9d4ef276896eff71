package org.lowrank4j.update;

import java.util.List;
import java.util.Map;
import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.SwitchLoraStart;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
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
 * The state of one weight that SwitchLoRA trains.
 *
 * <p>The network holds the effective weight, and an exchange leaves it as it is; so an exchange only swaps vectors of the
 * factors, and the base W - s A B moves by itself.
 */
final class SwitchLoraTarget extends LoraTarget {

    private static final String SCHEDULE = "schedule";
    private static final String GENERATOR = "generator";

    /** Updaters whose rule knows no step count, so that clearing a vector's state is all that a reset takes. */
    private static final List<Class<? extends IUpdater>> WITHOUT_BIAS_CORRECTION =
            List.of(Sgd.class, Nesterovs.class, RmsProp.class, AdaGrad.class, AdaDelta.class, NoOp.class);

    private final SwitchSchedule schedule;
    private final SwitchedFactor columnsOfA;
    private final SwitchedFactor rowsOfB;
    private final INDArray step = Nd4j.create(DataType.LONG, 1);
    private final SavedRandom random;

    SwitchLoraTarget(TargetWeight target, SwitchSchedule schedule) {
        super(target);
        this.schedule = schedule;
        long inputs = target.inputs();
        long outputs = target.outputs();
        int rank = target.rank();
        int poolSize = Math.toIntExact(Math.min(inputs, outputs));
        columnsOfA = new SwitchedFactor(
                A,
                a().transpose(),
                poolSize,
                0,
                SwitchLoraStart.bound(SwitchLoraStart.deviationOfA(inputs, outputs, rank)),
                target.random("switchlora pool of A"));
        rowsOfB = new SwitchedFactor(
                B,
                b(),
                poolSize,
                rank / 2,
                SwitchLoraStart.bound(SwitchLoraStart.deviationOfB(inputs, outputs, rank)),
                target.random("switchlora pool of B"));
        random = new SavedRandom(target.random("switchlora exchanges").nextLong());
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
                + usersUpdater.getClass().getSimpleName() + " of layer " + target().layer()
                + " counts its steps for the whole tensor. Use Adam (which then counts per vector), or one of Sgd,"
                + " Nesterovs, RmsProp, AdaGrad, AdaDelta.");
    }

    @Override
    public boolean movesUpdaterState() {
        return true;
    }

    @Override
    public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
        long t = step.data().getLong(0);
        double expected = schedule.switches(t, target().rank());
        int countOfA = roundedAtRandom(expected);
        int countOfB = roundedAtRandom(expected);
        exchange(countOfA, countOfB, gradients, updaterStates);
        step.data().put(0, t + 1);
    }

    /** One event: exchanges this many vectors of each factor, then zeroes the gradients of all that are frozen. */
    void exchange(int countOfA, int countOfB, INDArray[] gradients, INDArray[] updaterStates) {
        columnsOfA.exchange(countOfA, vector -> rowsOfB.clearAndFreeze(vector, schedule.freeze(), updaterStates[1]));
        rowsOfB.exchange(countOfB, vector -> columnsOfA.clearAndFreeze(vector, schedule.freeze(), updaterStates[0]));
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
    public void step(INDArray[] steps) {
        super.step(steps);
        columnsOfA.endUpdate();
        rowsOfB.endUpdate();
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = super.state();
        columnsOfA.addTo(state);
        rowsOfB.addTo(state);
        state.put(SCHEDULE, step);
        state.put(GENERATOR, random.state());
        return state;
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        super.restore(state);
        columnsOfA.restore(state, target());
        rowsOfB.restore(state, target());
        SavedState.copy(state, SCHEDULE, step, target());
        SavedState.copy(state, GENERATOR, random.state(), target());
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
