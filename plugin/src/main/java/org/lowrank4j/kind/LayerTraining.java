package org.lowrank4j.kind;

import org.deeplearning4j.nn.layers.BaseLayer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.loss.TrainingLoss;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What of one layer trains, lent to the passes that run it. A matrix M may lag behind its effective value M' for some
 * steps, if its kind says so: the passes then work with M and have what it lacks added to both products. Matrices go by
 * the names of their parameters.
 */
public interface LayerTraining {

    /** Whether anything below wants this layer's epsilon. */
    boolean needsEpsilon();

    /** Whether the layer above may change this layer's output in place, as dropout of its input does. */
    boolean outputMayBeOverwritten();

    /** Where the gradient of a vector is to be written; null if it does not train. */
    @Nullable INDArray gradient(String vector);

    /**
     * What the backward pass brings for a matrix, also for one that is frozen.
     *
     * @param gradient dL/dM
     * @param rows that it is a sum over
     * @return dL/dM as an array, if somebody looks at it; else null
     */
    @Nullable INDArray take(String parameter, WeightGradient gradient, long rows);

    /** A parameter as it is; to ask the layer for one that lags would make it catch up. */
    INDArray weight(BaseLayer<?> layer, String parameter);

    /**
     * z += x (M' - M).
     *
     * @param x what goes into M, after dropout, rows x nIn
     * @param z x M, rows x nOut, in 'f' order or the transpose of an array in 'f' order
     */
    void addLagging(String parameter, INDArray x, INDArray z);

    /**
     * z += x (M' - M) for rows x that are tokens; nothing, by default, as of what never lags.
     *
     * @param z x M, rows x nOut, row-major
     */
    default void addLagging(String parameter, Tokens x, INDArray z) {}

    /**
     * epsilon += delta (M' - M)^T, for the delta of the gradient of M that was taken last.
     *
     * @param epsilon delta M^T, rows x nIn, in 'f' order or the transpose of an array in 'f' order
     */
    void addLaggingBackwards(String parameter, INDArray epsilon);

    /** Every M becomes M'. */
    void catchUp();

    /** The loss in the place of an output layer's own; null for that. */
    @Nullable TrainingLoss loss();
}
