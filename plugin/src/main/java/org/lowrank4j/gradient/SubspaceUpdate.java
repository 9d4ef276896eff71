package org.lowrank4j.gradient;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.KeptNumber;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;

/**
 * Trains W by steps of full rank that the user's updater in a subspace of the gradient tells the size of. The whole
 * gradient G passes through gradient normalisation and regularisation; the updater and its state only see its
 * projection R.
 */
abstract class SubspaceUpdate extends WrappedUpdate implements MethodUpdater.Rule {

    private static final double EPSILON = 1e-8;
    private static final double GROWTH = 1.01;

    private final TargetWeight target;
    private final Kept kept;
    private final Projector projector;
    /** The length of the last limited step without its rate, 0 before the first. */
    private final INDArray limitedNorm;

    private final int refresh;
    private final KeptNumber step;
    /** The state of the user's updater for R; null before the updater is known, and where it keeps none. */
    private @Nullable INDArray updaterState;

    SubspaceUpdate(GradientApproximation gradient, TargetUpdate update, TargetWeight target, int refresh) {
        super(update);
        this.target = target;
        this.refresh = refresh;
        kept = target.kept().under(gradient.name());
        projector = new Projector(target, Projector.Side.SHORTER, kept);
        limitedNorm = kept.array("limiter", DataType.DOUBLE, 'c', 1);
        step = kept.number("step", 0);
    }

    final TargetWeight target() {
        return target;
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

    /**
     * What a scaled step is divided by: the norm-growth limiter of Fira (arXiv 2410.01623), used by APOLLO as well. Without
     * its rate, a step S may be at most 1.01 times as long as the one before it, q.
     *
     * <pre>S /= max(||S|| / (q + 1e-8), 1.01) / 1.01</pre>
     *
     * <p>The first step, and one after a step of length 0, pass as they are.
     */
    final double limit(INDArray scaled, double rate) {
        double length = scaled.norm2Number().doubleValue() / rate;
        double previous = limitedNorm.data().getDouble(0);
        double divisor = previous == 0 ? 1 : Math.max(length / (previous + EPSILON), GROWTH) / GROWTH;
        limitedNorm.data().put(0, length / divisor);
        return divisor;
    }

    @Override
    public final IUpdater updater(TrainedTensor tensor, IUpdater usersUpdater) {
        long[] shape = Projector.projectedShape(target, Projector.Side.SHORTER);
        IUpdater inner = super.updater(tensor, usersUpdater);
        long size = inner.stateSize(shape[0] * shape[1]);
        INDArray existing = updaterState;
        if (size > 0 && (existing == null || existing.length() != size)) {
            if (existing != null) {
                throw new LowRankException("The updater of layer " + target.layer() + " keeps " + size
                        + " values where the one before it kept " + existing.length()
                        + ". Its kind cannot change during training; make a new network.");
            }
            INDArray fresh = kept.array("updater", 'c', 1, size);
            kept.fill(() -> inner.instantiate(fresh, true));
            updaterState = fresh;
        }
        return new MethodUpdater(inner, this);
    }

    @Override
    public final void apply(INDArray gradient, IUpdater users, int iteration, int epoch) {
        INDArray full = gradient.reshape('f', target.inputs(), target.outputs());
        long count = step.get();
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
        step.increment();
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
}
