package org.lowrank4j.gradient;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Kept;
import org.lowrank4j.update.ExtraPasses;
import org.lowrank4j.update.SidePath;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.Regularization;

/**
 * An update behind a gradient approximation: every call is passed on, so that an approximation says only what differs. What
 * the approximation keeps is declared under its name in the update's {@link #kept}.
 */
public abstract class WrappedUpdate implements TargetUpdate {

    private final TargetUpdate update;

    /** @param update what calls are passed on to */
    protected WrappedUpdate(TargetUpdate update) {
        this.update = update;
    }

    @Override
    public List<TrainedTensor> tensors() {
        return update.tensors();
    }

    @Override
    public void start(Factors factors) {
        update.start(factors);
    }

    @Override
    public void start() {
        update.start();
    }

    @Override
    public boolean startMovesWeight() {
        return update.startMovesWeight();
    }

    @Override
    public void beforeForward(int iteration, int epoch) {
        update.beforeForward(iteration, epoch);
    }

    @Override
    public void abandon() {
        update.abandon();
    }

    /** The update's own, for what works with the update's own gradients and steps. */
    final @Nullable SidePath sidePathOfUpdate() {
        return update.sidePath();
    }

    /** None: an approximation may look at W or move it in any step. */
    @Override
    public @Nullable SidePath sidePath() {
        return null;
    }

    @Override
    public @Nullable ExtraPasses extraPasses() {
        return update.extraPasses();
    }

    @Override
    public Optional<String> curvatureRefusal() {
        return update.curvatureRefusal();
    }

    @Override
    public void gradient(WeightGradient gradient, INDArray[] gradients) {
        update.gradient(gradient, gradients);
    }

    @Override
    public IUpdater updater(TrainedTensor tensor, IUpdater usersUpdater) {
        return update.updater(tensor, usersUpdater);
    }

    /** Whether the update does anything before the updater. */
    final boolean editsUpdaterState() {
        return update.movesUpdaterState();
    }

    /** Always: what is done to one tensor must not reach the tensors beside it. */
    @Override
    public boolean movesUpdaterState() {
        return true;
    }

    @Override
    public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
        if (update.movesUpdaterState()) {
            update.beforeUpdater(gradients, updaterStates);
        }
    }

    @Override
    public void regularise(
            Regularization term, INDArray[] gradients, double[] learningRates, int iteration, int epoch) {
        update.regularise(term, gradients, learningRates, iteration, epoch);
    }

    @Override
    public void step(INDArray[] steps) {
        update.step(steps);
    }

    @Override
    public void move(INDArray[] steps) {
        update.move(steps);
    }

    @Override
    public void moved() {
        update.moved();
    }

    @Override
    public void weightConstrained() {
        update.weightConstrained();
    }

    /** The update's own, which the approximation adds to. */
    @Override
    public final Kept kept() {
        return update.kept();
    }
}
