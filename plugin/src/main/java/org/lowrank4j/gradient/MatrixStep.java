package org.lowrank4j.gradient;

import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * Trains W by steps that an approximation makes of the whole gradient, as it is after gradient normalisation and
 * regularisation, in the place of the user's updater. Of that the rate counts, as it stands in its schedule.
 */
abstract class MatrixStep extends WrappedUpdate implements MethodUpdater.Rule {

    private final TargetWeight target;

    /** @param update that trains W itself */
    MatrixStep(TargetUpdate update, TargetWeight target) {
        super(update);
        this.target = target;
    }

    final TargetWeight target() {
        return target;
    }

    @Override
    public final IUpdater updater(TrainedTensor tensor, IUpdater usersUpdater) {
        return new MethodUpdater(super.updater(tensor, usersUpdater), this);
    }

    @Override
    public final void apply(INDArray gradient, IUpdater users, int iteration, int epoch) {
        // In the updater's workspace, where the work of every step has the memory of the last one's.
        INDArray matrix = gradient.reshape('f', target.inputs(), target.outputs());
        makeDirection(matrix);
        matrix.muli(rate(users, iteration, epoch));
    }

    /**
     * Turns G into what the rate is multiplied by, in place.
     *
     * @param gradient G, nIn x nOut in 'f' order; finite
     */
    abstract void makeDirection(INDArray gradient);

    /** An array of the gradient's type, to be written to. */
    static INDArray empty(INDArray like, long rows, long columns) {
        return Nd4j.createUninitialized(like.dataType(), new long[] {rows, columns}, 'f');
    }
}
