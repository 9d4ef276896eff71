package org.lowrank4j.kind;

import org.deeplearning4j.nn.layers.BaseLayer;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.loss.TrainingLoss;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What of one layer trains, lent to the passes that run it. A weight W may lag behind its effective value W' for some
 * steps: the passes then work with W and have what it lacks added to both products.
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

    /** W as it is; to ask the layer for it would make it catch up. */
    INDArray weight(BaseLayer<?> layer);

    /**
     * z += x (W' - W).
     *
     * @param x the layer's input after dropout, examples x nIn
     * @param z x W, examples x nOut, in 'f' order or the transpose of an array in 'f' order
     */
    void addLagging(INDArray x, INDArray z);

    /**
     * epsilon += delta (W' - W)^T, for the delta of the gradient that was taken last.
     *
     * @param epsilon delta W^T, examples x nIn, in 'f' order or the transpose of an array in 'f' order
     */
    void addLaggingBackwards(INDArray epsilon);

    /** W becomes W'. */
    void catchUp();

    /** The loss in the place of an output layer's own; null for that. */
    @Nullable TrainingLoss loss();
}
