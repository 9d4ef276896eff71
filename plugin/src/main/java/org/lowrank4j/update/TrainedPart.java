package org.lowrank4j.update;

import java.util.Random;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A matrix K, part of the change of a weight, that trained tensors make. */
interface TrainedPart {

    /** Draws all its entries. */
    void draw(Random random);

    /** Sets K to 0, such that the gradient of one tensor is not 0. */
    void clear();

    /**
     * K.
     *
     * @param result overwritten, unless K is held as it is
     * @return {@code result} or K itself, not to be written
     */
    INDArray value(INDArray result);

    /**
     * Writes the gradients of its tensors.
     *
     * @param ofMatrix dL/dK
     * @param gradients of all tensors of the update
     */
    void gradient(INDArray ofMatrix, INDArray[] gradients);

    /**
     * Moves its tensors, and says how far K has moved.
     *
     * @param steps of all tensors of the update
     * @param fall receives K - K', with K' the matrix after the step; exactly 0 where the steps are
     */
    void move(INDArray[] steps, INDArray fall);
}
