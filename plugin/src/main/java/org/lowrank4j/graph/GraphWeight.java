package org.lowrank4j.graph;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A variable of a graph at the weight position of an operation.
 *
 * @param name of the variable
 * @param transposed whether its matrix is the transpose of what lies in memory
 * @param product the only operation that uses it, if that is a plain product of rows; else empty
 */
record GraphWeight(String name, boolean transposed, String product) {

    /** Whether dL/dW can be had as rows that go in and deltas that come out, without being formed. */
    boolean showsRows() {
        return !product.isEmpty();
    }

    /**
     * The matrix nIn x nOut on the memory of the weight, or of an array of its shape and order.
     *
     * @throws IllegalStateException if the array is a view that has no such matrix on it
     */
    INDArray matrix(INDArray array) {
        long columns = array.size(array.rank() - 1);
        INDArray flat =
                array.rank() == 2 ? array : array.reshape(array.ordering(), true, array.length() / columns, columns);
        return transposed ? flat.transpose() : flat;
    }
}
