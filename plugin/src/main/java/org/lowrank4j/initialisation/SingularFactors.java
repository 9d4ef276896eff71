package org.lowrank4j.initialisation;

import java.util.stream.IntStream;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Factors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

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

    /**
     * The same for the r leading triplets. Pairs of a column of A and a row of B beyond the matrix's rank are 0.
     *
     * @param rank r, at least 1
     */
    static Factors leading(ThinSvd svd, int rank, double scale) {
        INDArray a = Nd4j.zeros(DataType.DOUBLE, svd.u().size(0), rank);
        INDArray b = Nd4j.zeros(DataType.DOUBLE, rank, svd.vt().size(1));
        int pairs = Math.min(rank, svd.rank());
        if (pairs > 0) {
            Factors found = balanced(svd, IntStream.range(0, pairs).toArray(), scale);
            a.get(NDArrayIndex.all(), NDArrayIndex.interval(0, pairs)).assign(found.a());
            b.get(NDArrayIndex.interval(0, pairs), NDArrayIndex.all()).assign(found.b());
        }
        return new Factors(a, b);
    }
}
