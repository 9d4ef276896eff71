package org.lowrank4j.engine;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.initialisation.InputStatistics;
import org.lowrank4j.initialisation.Start;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** How the factors of one target are computed by an initialisation, and put in force with the weight that comes with them. */
public final class FactorStart {

    private FactorStart() {}

    /** What an initialisation may look at, for one target. */
    static Start start(
            Initialisation initialisation,
            TargetWeight target,
            double learningRate,
            @Nullable INDArray gradient,
            @Nullable InputStatistics statistics) {
        return new Start(
                target.layer(),
                target.weight(),
                target.rank(),
                target.alpha(),
                target.scale(),
                learningRate,
                gradient,
                statistics,
                target.random(initialisation.name()),
                target.optionsOf(initialisation));
    }

    /**
     * Computes the factors without changing anything.
     *
     * @param learningRate of the first step, NaN for an updater without a rate
     * @param gradient dL/dW, if the initialisation needs it
     * @param statistics of the layer's inputs, if it keeps any
     * @throws LowRankException if they are not finite
     */
    public static Factors compute(
            Initialisation initialisation,
            TargetWeight target,
            double learningRate,
            @Nullable INDArray gradient,
            @Nullable InputStatistics statistics) {
        Factors computed = initialisation.start(start(initialisation, target, learningRate, gradient, statistics));
        check(initialisation, target, computed);
        return computed;
    }

    /** Puts computed factors, and the weight that comes with them, in force. */
    public static void apply(Factors computed, TargetWeight target, TargetUpdate update) {
        if (computed.base() != null) {
            target.weight().assign(effective(computed, computed.base(), target));
        }
        update.start(computed);
    }

    /** base + s A B or base + s A R B, in double. */
    private static INDArray effective(Factors computed, INDArray base, TargetWeight target) {
        INDArray a = computed.a().castTo(DataType.DOUBLE);
        INDArray core = computed.core();
        if (core != null) {
            INDArray wide = core.castTo(DataType.DOUBLE);
            a = core.length() == target.rank() ? a.mulRowVector(wide.reshape(1, core.length())) : a.mmul(wide);
        }
        return a.mmul(computed.b().castTo(DataType.DOUBLE)).muli(target.scale()).addi(base.castTo(DataType.DOUBLE));
    }

    private static void check(Initialisation by, TargetWeight target, Factors computed) {
        if (!isFinite(computed.a())
                || !isFinite(computed.b())
                || computed.core() != null && !isFinite(computed.core())
                || computed.base() != null && !isFinite(computed.base())) {
            throw new LowRankException("init=" + by.name() + " gave values that are not finite for layer "
                    + target.layer()
                    + ". Nothing was changed. Look for NaN or infinite values in its weights and in the"
                    + " data.");
        }
    }

    private static boolean isFinite(INDArray array) {
        return Double.isFinite(array.sumNumber().doubleValue());
    }
}
