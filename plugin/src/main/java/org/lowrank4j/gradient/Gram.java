package org.lowrank4j.gradient;

import java.util.Arrays;
import org.lowrank4j.decomposition.SymmetricEigen;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The r x r matrices of the inner products of a factor's r vectors, A^T A and B B^T, by their eigenvalues and vectors.
 * These are taken from the factor's own singular values, so small ones are not lost in rounding.
 */
final class Gram {

    private Gram() {}

    /** A^T A, for A nIn x r with r at most nIn. */
    static SymmetricEigen ofColumns(INDArray a) {
        ThinSvd svd = ThinSvd.of(a);
        return new SymmetricEigen(svd.vt().transpose(), squares(svd));
    }

    /** B B^T, for B r x nOut with r at most nOut. */
    static SymmetricEigen ofRows(INDArray b) {
        ThinSvd svd = ThinSvd.of(b);
        return new SymmetricEigen(svd.u(), squares(svd));
    }

    /** Singular values that are 0 up to rounding count as 0, for they divide. */
    private static double[] squares(ThinSvd svd) {
        double[] squares = new double[svd.size()];
        for (int i = 0; i < svd.rank(); i++) {
            squares[i] = svd.singularValues()[i] * svd.singularValues()[i];
        }
        return squares;
    }

    /**
     * The inverse of the matrix plus damping times the identity.
     *
     * @param damping above 0, so that the inverse exists for linearly dependent vectors, too
     */
    static INDArray inverse(SymmetricEigen gram, double damping) {
        double[] reciprocals =
                Arrays.stream(gram.values()).map(value -> 1 / (value + damping)).toArray();
        return gram.vectors()
                .mulRowVector(Nd4j.createFromArray(reciprocals))
                .mmul(gram.vectors().transpose());
    }
}
