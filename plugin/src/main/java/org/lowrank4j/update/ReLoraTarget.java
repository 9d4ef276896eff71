package org.lowrank4j.update;

import java.util.Map;
import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.Kaiming;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * LoRA on one weight that restarts.
 *
 * <p>The factors are replaced at the end of the last step before a restart, so that the next forward and backward pass
 * already see the new ones; the updater's state is pruned before the first update that follows.
 */
final class ReLoraTarget extends LoraTarget {

    private static final String STEP = "step";
    private static final String GENERATOR = "generator";

    private final ReLoraSchedule schedule;
    private final double pruned;
    private final INDArray step = Nd4j.create(DataType.LONG, 1);
    private final SavedRandom random;

    /** @param pruned the part of each moment that a restart clears */
    ReLoraTarget(TargetWeight target, ReLoraSchedule schedule, double pruned) {
        super(target);
        this.schedule = schedule;
        this.pruned = pruned;
        random = new SavedRandom(target.random("relora restarts").nextLong());
    }

    @Override
    public IUpdater updater(TrainedTensor tensor, IUpdater usersUpdater) {
        if (!usersUpdater.hasLearningRate()) {
            throw new LowRankException("relora lowers the learning rate after every restart, and "
                    + usersUpdater.getClass().getSimpleName() + " of layer " + target().layer()
                    + " has none. Use an updater with a learning rate, such as Adam or Sgd.");
        }
        IUpdater jagged = usersUpdater.clone();
        jagged.setLrAndSchedule(usersUpdater.getLearningRate(0, 0), new ReLoraRate(usersUpdater, schedule, step));
        return jagged;
    }

    @Override
    public boolean movesUpdaterState() {
        return true;
    }

    @Override
    public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
        if (schedule.restartsAfter(step.data().getLong(0))) {
            for (int i = 0; i < updaterStates.length; i++) {
                MagnitudePruning.prune(updaterStates[i], tensors().get(i).length(), pruned);
            }
        }
    }

    @Override
    public void step(INDArray[] steps) {
        super.step(steps);
        long taken = step.data().getLong(0) + 1;
        step.data().put(0, taken);
        if (schedule.restartsAfter(taken)) {
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
    }

    @Override
    public Map<String, INDArray> state() {
        Map<String, INDArray> state = super.state();
        state.put(STEP, step);
        state.put(GENERATOR, random.state());
        return state;
    }

    @Override
    public void restore(Map<String, INDArray> state) {
        super.restore(state);
        SavedState.copy(state, STEP, step, target());
        SavedState.copy(state, GENERATOR, random.state(), target());
    }
}
