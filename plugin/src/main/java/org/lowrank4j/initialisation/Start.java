package org.lowrank4j.initialisation;

import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What an {@link Initialisation} may look at.
 *
 * @param layer the layer's name
 * @param weight W, nIn x nOut; a view of the network's own weight, never to be written
 * @param rank r, 1 to min(nIn, nOut)
 * @param alpha the numerator of the scale
 * @param scale s, the factor of the update s A B
 * @param learningRate the rate of the first step of the user's updater for W; NaN for an updater without a rate
 * @param gradientOrNull dL/dW averaged over the rows of the calibration batches, nIn x nOut, present exactly when
 *     {@link Initialisation#need()} asks for it
 * @param statisticsOrNull what {@link Initialisation#statistics} made, after calibration, present exactly when
 *     {@link Initialisation#need()} asks for it
 * @param random seeded from (seed, network id, layer name), used by nobody else
 * @param options of this initialisation
 */
public record Start(
        String layer,
        INDArray weight,
        int rank,
        double alpha,
        double scale,
        double learningRate,
        @Nullable INDArray gradientOrNull,
        @Nullable InputStatistics statisticsOrNull,
        Random random,
        OptionValues options) {

    /** dL/dW, for a start whose {@link Initialisation#need()} is {@link Initialisation.Need#GRADIENT}. */
    public INDArray gradient() {
        if (gradientOrNull == null) {
            throw new LowRankException("This initialisation needs dL/dW of layer " + layer + ", and none was computed."
                    + " Start it through fit, or give Start a gradient.");
        }
        return gradientOrNull;
    }

    /**
     * What was learned of the layer's inputs, for a start whose {@link Initialisation#need()} is {@link
     * Initialisation.Need#INPUTS}.
     *
     * @param type of what that initialisation's {@link Initialisation#statistics} makes
     */
    public <S extends InputStatistics> S statistics(Class<S> type) {
        if (statisticsOrNull == null) {
            throw new LowRankException("This initialisation needs the inputs of layer " + layer
                    + ", and none were seen." + " Start it through fit, or give Start their statistics.");
        }
        return type.cast(statisticsOrNull);
    }

    /** nIn. */
    public long inputs() {
        return weight.size(0);
    }

    /** nOut. */
    public long outputs() {
        return weight.size(1);
    }
}
