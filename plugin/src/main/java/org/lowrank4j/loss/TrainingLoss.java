package org.lowrank4j.loss;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.method.Method;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.ILossFunction;

/**
 * A loss that output layers train with in the place of their own. It is there in training steps only and is part of no
 * configuration: what the network predicts, and the score of data outside training, stay those of the layer's own loss
 * and activation.
 *
 * <p>All arrays are examples x units, for recurrent output layers (examples times time steps) x units. Results are sums
 * over the examples; the engine divides by their number.
 */
public interface TrainingLoss extends Method {

    /** This loss with the options that the user wrote; by default it has none. */
    default TrainingLoss with(OptionValues options) {
        return this;
    }

    /**
     * Why it cannot stand for an output layer's own loss, as a clause about the layer, for example {@code "its loss is
     * LossMSE"}; null if it can.
     */
    @Nullable String refusal(ILossFunction own, IActivation activation);

    /**
     * The loss, summed over the examples.
     *
     * @param labels of any numeric type
     * @param preOutput z, what the layer's activation would be applied to
     * @param own the layer's own loss, for the settings that it carries
     * @param mask null, or a column with a factor for each example
     * @throws IllegalArgumentException if the shapes do not fit
     * @throws UnsupportedOperationException for a mask of another shape
     */
    double score(INDArray labels, INDArray preOutput, ILossFunction own, @Nullable INDArray mask);

    /** The derivative of {@link #score} by z, a new array of z's type; parameters and errors as there. */
    INDArray gradient(INDArray labels, INDArray preOutput, ILossFunction own, @Nullable INDArray mask);
}
