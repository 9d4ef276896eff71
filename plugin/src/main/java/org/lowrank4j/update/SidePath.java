package org.lowrank4j.update;

import org.lowrank4j.kind.Tokens;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Lets W lag behind its adapter for some steps. With W' the effective weight, what W lacks is a product of low rank; while
 * the path is open it is added to the layer's products with W, which costs less than moving W in every step where the
 * minibatch is small. {@link #merge} moves W once for all those steps.
 *
 * <p>A step that runs on an open path calls {@link #forward}, the update's {@link TargetUpdate#gradient} and, where
 * something below is trained, {@link #epsilon}, in this order and with the same examples. It ends like any other, in
 * {@link TargetUpdate#step}, which then leaves W alone, or in {@link TargetUpdate#abandon}.
 */
public interface SidePath {

    /** W, which the path leaves where it is. */
    INDArray weight();

    /**
     * Whether a step costs less with the path than without it.
     *
     * @param rows of the layer's input
     * @param inputs numbers of a row that are multiplied
     */
    boolean pays(long rows, long inputs);

    /** Whether W may be behind. */
    boolean isOpen();

    /** Takes the memory that an open path needs, unless it has it. */
    void reserve();

    /** From now on W stays; it is the effective weight at this moment. */
    void open();

    /**
     * z += x (W' - W).
     *
     * @param x the layer's input after dropout, examples x nIn
     * @param z x W, examples x nOut, in 'f' order or the transpose of an array in 'f' order
     */
    void forward(INDArray x, INDArray z);

    /**
     * The same for rows that are tokens.
     *
     * @param z x W, rows x nOut, row-major
     */
    void forward(Tokens x, INDArray z);

    /**
     * epsilon += delta (W' - W)^T, with the delta that {@link TargetUpdate#gradient} was given.
     *
     * @param epsilon delta W^T, examples x nIn, in 'f' order or the transpose of an array in 'f' order
     */
    void epsilon(INDArray epsilon);

    /** W = W', and the path is closed. Nothing happens to W if no factor has moved. */
    void merge();
}
