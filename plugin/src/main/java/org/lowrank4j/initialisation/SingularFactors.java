package org.lowrank4j.initialisation;

import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Factors made of singular triplets. */
final class SingularFactors {

    private SingularFactors() {}

    /**
     * The square roots of the singular values on both sides: A = U_I sqrt(S_I / s), B = sqrt(S_I / s) V_I^T, so that s A B
     * is the part of the matrix that these triplets make up.
     *
     * @param triplets the numbers I of the triplets, r of them
     * @param scale s, above 0
     */
    static Factors balanced(ThinSvd svd, int[] triplets, double scale) {
        double[] roots = new double[triplets.length];
        for (int i = 0; i < roots.length; i++) {
            roots[i] = Math.sqrt(svd.singularValues()[triplets[i]] / scale);
        }
        INDArray vector = Nd4j.createFromArray(roots);
        return new Factors(
                svd.left(triplets).muliRowVector(vector), svd.right(triplets).muliColumnVector(vector));
    }
}
