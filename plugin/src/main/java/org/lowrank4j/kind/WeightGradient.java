package org.lowrank4j.kind;

import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * G = dL/dM of one matrix M (nIn x nOut), summed over the examples of a minibatch, without saying how it is held. A method
 * asks for the products that it needs, so that G itself is formed only where the method cannot do without.
 *
 * <p>Every result is written into an array of the caller's, as in BLAS: result = scale * product + keep * result, so that
 * what comes in several pieces adds up. Where {@code keep} is 0, what was in the result does not matter. Results may be
 * column- or row-major. An object is valid inside the backward pass that made it.
 */
public interface WeightGradient {

    /** nIn, the rows of G. */
    long inputs();

    /** nOut, the columns of G. */
    long outputs();

    /**
     * G R.
     *
     * @param right R, nOut x k
     * @param result nIn x k
     */
    void times(INDArray right, double scale, INDArray result, double keep);

    /**
     * L^T G.
     *
     * @param left L, nIn x k
     * @param result k x nOut
     */
    void transposeTimes(INDArray left, double scale, INDArray result, double keep);

    /**
     * L^T G R.
     *
     * @param left L, nIn x k
     * @param right R, nOut x l
     * @param result k x l
     */
    default void between(INDArray left, INDArray right, double scale, INDArray result, double keep) {
        INDArray once = Nd4j.createUninitialized(right.dataType(), new long[] {inputs(), right.size(1)}, 'f');
        times(right, 1, once, 0);
        Blas.gemm(left, once, result, true, false, scale, keep);
    }

    /**
     * The diagonal of L^T G: one inner product for each pair of columns.
     *
     * @param left L, nIn x nOut
     * @return 1 x nOut
     */
    INDArray columnDots(INDArray left);

    /**
     * G itself.
     *
     * @param result nIn x nOut
     */
    void formed(INDArray result, double keep);

    /**
     * G diag(c), the gradient of a matrix whose columns reach the loss through these factors.
     *
     * @param factors c, 1 x nOut
     */
    WeightGradient withColumnsScaled(INDArray factors);

    /** Whether no entry is NaN or infinite, as far as a sum over all that G is made of shows. */
    boolean isFinite();
}
