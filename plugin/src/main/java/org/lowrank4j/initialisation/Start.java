package org.lowrank4j.initialisation;

import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What an {@link Initialisation} may look at.
 *
 * @param weight W, nIn x nOut; a view of the network's own weight, never to be written
 * @param rank r, 1 to min(nIn, nOut)
 * @param alpha the numerator of the scale
 * @param scale s, the factor of the update s A B
 * @param gradientOrNull dL/dW averaged over the examples of the first minibatch, nIn x nOut, present exactly when
 *     {@link Initialisation#need()} asks for it
 * @param random seeded from (seed, network id, layer name), used by nobody else
 * @param options of this initialisation
 */
public record Start(
        INDArray weight,
        int rank,
        double alpha,
        double scale,
        @Nullable INDArray gradientOrNull,
        Random random,
        OptionValues options) {

    /** dL/dW, for a start whose {@link Initialisation#need()} is {@link Initialisation.Need#GRADIENT}. */
    public INDArray gradient() {
        if (gradientOrNull == null) {
            throw new LowRankException("This initialisation needs the gradient of the first minibatch, and none was"
                    + " computed. Start it through fit, or give Start a gradient.");
        }
        return gradientOrNull;
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
