package org.lowrank4j.subspace;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A fixed linear map P from R^d to the D trained entries of a network, whose d directions (columns) have a length of 1 or
 * about 1.
 *
 * <p>Not thread-safe: implementations keep working memory.
 */
public interface Projection {

    /** d. */
    int dimension();

    /** D. */
    int entries();

    /**
     * P z.
     *
     * @param z d numbers
     * @param result a vector of D entries of the same type, contiguous; overwritten
     */
    void expand(INDArray z, INDArray result);

    /**
     * P^T g: the gradient of z for a gradient g of the entries.
     *
     * @param gradient a vector of D entries, contiguous
     * @param result d numbers of the same type, contiguous; overwritten
     */
    void pullBack(INDArray gradient, INDArray result);
}
