package org.lowrank4j.engine;

import org.deeplearning4j.optimize.api.StepFunction;
import org.deeplearning4j.optimize.solvers.accumulation.GradientsAccumulator;
import org.deeplearning4j.optimize.solvers.accumulation.IndexedTail;
import org.deeplearning4j.optimize.solvers.accumulation.Registerable;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Stands where ParallelWrapper keeps an accumulator, which it tells before each round how many replicas get a minibatch.
 * The replicas of an adapted network exchange their gradients at a {@link Meeting} and never through this.
 */
final class Rounds implements GradientsAccumulator, Registerable {

    private static final long serialVersionUID = 1L;

    private final transient Meeting meeting;

    Rounds(Meeting meeting) {
        this.meeting = meeting;
    }

    @Override
    public void registerConsumers(int numConsumers) {
        meeting.round(numConsumers);
    }

    private static UnsupportedOperationException notThisWay() {
        return new UnsupportedOperationException("the replicas of an adapted network exchange gradients another way");
    }

    @Override
    public void storeUpdate(INDArray array, int iterationNumber, int epochNumber) {
        throw notThisWay();
    }

    @Override
    public void applyUpdate(StepFunction function, INDArray params, INDArray updates, boolean isFinalStep) {
        throw notThisWay();
    }

    @Override
    public void applyUpdate(StepFunction function, INDArray params, INDArray updates, double alpha) {
        throw notThisWay();
    }

    @Override
    public void receiveUpdate(INDArray array) {
        throw notThisWay();
    }

    @Override
    public void setExternalSource(IndexedTail source) {
        throw notThisWay();
    }

    @Override
    public @Nullable IndexedTail getExternalSource() {
        return null;
    }

    /** What is asked and told of queues: there are none. */
    @Override
    public boolean hasAnything() {
        return false;
    }

    @Override
    public void fallbackToSingleConsumerMode(boolean reallyFallback) {}

    @Override
    public void markExternalUpdates(boolean updatesAvailable) {}

    @Override
    public void reset() {}

    @Override
    public void touch() {}
}
