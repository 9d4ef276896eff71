package org.lowrank4j.engine;

import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.initialisation.Factors;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.initialisation.Start;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The start of one target's factors, from W alone or from the gradient of the first minibatch.
 *
 * <p>A start that wants a gradient gets it inside the first backward pass, where the layer's input and delta are at
 * hand: the full gradient of one layer is alive at a time, no batch is read twice and no random state is disturbed. Since
 * such a start leaves the effective weight alone, the same pass then gives the factors' first gradients.
 */
final class PendingStart {

    private final Initialisation initialisation;
    private final TargetUpdate update;
    private final TargetWeight target;
    private boolean done;

    PendingStart(Initialisation initialisation, TargetUpdate update, TargetWeight target) {
        this.initialisation = initialisation;
        this.update = update;
        this.target = target;
    }

    boolean needsGradient() {
        return initialisation.need() == Initialisation.Need.GRADIENT;
    }

    /** Whether the factors have started. */
    boolean done() {
        return done;
    }

    /** Starts the factors from W alone. */
    void start() {
        begin(null);
    }

    /**
     * Starts the factors from the gradient x^T delta, averaged over the rows; leaves the start pending if that is not
     * finite. The session leaves out such a step, so the next one comes here again.
     */
    void start(INDArray x, INDArray delta) {
        INDArray gradient =
                Nd4j.createUninitialized(target.dataType(), new long[] {target.inputs(), target.outputs()}, 'f');
        Nd4j.gemm(x, delta, gradient, true, false, 1.0 / x.size(0), 0.0);
        if (Double.isFinite(gradient.sumNumber().doubleValue())) {
            begin(gradient);
        }
    }

    private void begin(@Nullable INDArray gradient) {
        Random random = target.random(initialisation.name());
        Factors factors = initialisation.start(new Start(
                target.weight(),
                target.rank(),
                target.alpha(),
                target.scale(),
                gradient,
                random,
                target.optionsOf(initialisation)));
        if (factors.base() != null) {
            INDArray a = factors.a().castTo(DataType.DOUBLE);
            INDArray b = factors.b().castTo(DataType.DOUBLE);
            INDArray moved = a.mmul(b).muli(target.scale());
            target.weight().assign(moved.addi(factors.base().castTo(DataType.DOUBLE)));
        }
        update.start(factors);
        done = true;
    }
}
