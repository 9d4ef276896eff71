package org.lowrank4j.gradient;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.update.Footprint;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * Trains W by steps of full rank that the user's updater in a subspace of the gradient tells the size of. The whole
 * gradient G passes through gradient normalisation and regularisation; the updater and its state only see its
 * projection R.
 */
abstract class SubspaceUpdate extends WrappedUpdate implements MethodUpdater.Rule {

    private static final double EPSILON = 1e-8;

    private final Projector projector;
    private final NormGrowthLimiter limiter = new NormGrowthLimiter();
    private final int refresh;
    private final INDArray step = Nd4j.create(DataType.LONG, 1);
    /** The state of the user's updater for R; null before the updater is known, and where it keeps none. */
    private @Nullable INDArray updaterState;

    SubspaceUpdate(GradientApproximation gradient, TargetUpdate update, TargetWeight target, int refresh) {
        super(gradient, update, target);
        WeightItself.require(gradient, update, target);
        this.refresh = refresh;
        projector = new Projector(target, ProjectedSide.SHORTER);
    }

    /** The projector, the user's updater's state for R, the limiter and a step counter. */
    static Footprint footprint(Footprint update, TargetWeight target, IUpdater users) {
        long[] shape = Projector.projectedShape(target, ProjectedSide.SHORTER);
        long size = shape[0] * shape[1];
        long state = users.stateSize(size);
        return Projector.footprint(update, target, ProjectedSide.SHORTER)
                .plus(state == 0 ? "" : state / size + " r max(n, m)", state, target.dataType())
                .plusCounters(2);
    }

    final Projector projector() {
        return projector;
    }

    /** Sets the projector, on the first step and every {@code refresh} steps from there. */
    abstract void newSubspace(INDArray gradient, long step);

    /**
     * Turns G into the step, in place.
     *
     * @param gradient G, nIn x nOut
     * @param projected R
     * @param updated what the updater made of R: the rate times N
     * @param rate of the updater, with Adam's bias correction; above 0
     */
    abstract void step(INDArray gradient, INDArray projected, INDArray updated, double rate);

    /** ||updated|| / ||projected||, for the vectors of R or for all of it: the rate times phi. */
    static INDArray ratio(INDArray updatedNorms, INDArray projectedNorms) {
        return updatedNorms.div(projectedNorms.add(EPSILON));
    }

    /** What a scaled step is divided by, so that its length without the rate grows slowly. */
    final double limit(INDArray scaled, double rate) {
        return limiter.divisor(scaled.norm2Number().doubleValue() / rate);
    }

    @Override
    public final IUpdater updater(TrainedTensor tensor, IUpdater usersUpdater) {
        long[] shape = Projector.projectedShape(target(), ProjectedSide.SHORTER);
        IUpdater inner = super.updater(tensor, usersUpdater);
        long size = inner.stateSize(shape[0] * shape[1]);
        INDArray existing = updaterState;
        if (size > 0 && (existing == null || existing.length() != size)) {
            if (existing != null) {
                throw new LowRankException("The updater of layer " + target().layer() + " keeps " + size
                        + " values where the one before it kept " + existing.length()
                        + ". Its kind cannot change during training; make a new network.");
            }
            try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
                INDArray fresh = Nd4j.create(target().dataType(), 1, size);
                inner.instantiate(fresh, true);
                updaterState = fresh;
            }
        }
        return new MethodUpdater(inner, this);
    }

    @Override
    public final void apply(INDArray gradient, IUpdater users, int iteration, int epoch) {
        INDArray full = gradient.reshape('f', target().inputs(), target().outputs());
        long count = step.data().getLong(0);
        if (count % refresh == 0) {
            newSubspace(full, count);
        }
        INDArray projected = projector.project(full);
        INDArray updated = projected.dup('f');
        INDArray state = updaterState;
        users.instantiate(state, false).applyUpdater(updated.reshape('f', 1, updated.length()), iteration, epoch);
        double rate = rateWithCorrection(users, iteration, epoch);
        if (rate > 0) {
            step(full, projected, updated, rate);
        } else {
            full.assign(0);
        }
        step.data().put(0, count + 1);
    }

    /** Published code corrects Adam's bias in the rate, after the limiter; ND4J's Adam does both at once. */
    private double rateWithCorrection(IUpdater users, int iteration, int epoch) {
        double rate = rate(users, iteration, epoch);
        return users instanceof Adam adam
                ? rate
                        * Math.sqrt(1 - Math.pow(adam.getBeta2(), iteration + 1))
                        / (1 - Math.pow(adam.getBeta1(), iteration + 1))
                : rate;
    }

    @Override
    final Map<String, INDArray> ownState() {
        Map<String, INDArray> state = new LinkedHashMap<>();
        state.put("projector", projector.matrix());
        state.put("limiter", limiter.state());
        state.put("step", step);
        INDArray ofUpdater = updaterState;
        if (ofUpdater != null) {
            state.put("updater", ofUpdater);
        }
        return state;
    }
}
