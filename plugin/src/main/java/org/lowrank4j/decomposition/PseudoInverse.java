package org.lowrank4j.decomposition;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The Moore-Penrose inverse V diag(1/s) U^T of a matrix M = U diag(s) V^T. */
public final class PseudoInverse {

    private PseudoInverse() {}

    /**
     * Inverts what can be inverted: singular values that are 0 up to rounding in double stay 0.
     *
     * @param matrix m x n of any floating type; not changed
     * @return n x m in double
     */
    public static INDArray of(INDArray matrix) {
        ThinSvd svd = ThinSvd.of(matrix);
        double[] reciprocals = new double[svd.size()];
        for (int i = 0; i < svd.rank(); i++) {
            reciprocals[i] = 1 / svd.singularValues()[i];
        }
        return svd.vt()
                .transpose()
                .mulRowVector(Nd4j.createFromArray(reciprocals))
                .mmul(svd.u().transpose());
    }
}
