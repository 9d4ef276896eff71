package org.lowrank4j.gradient;

import java.util.Arrays;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The r x r matrix of the inner products of a factor's r vectors, A^T A or B B^T, as V diag(values) V^T in double. It is
 * taken from the factor's own singular values, so small ones are not lost in rounding.
 *
 * @param vectors V, r x r, orthonormal columns
 * @param values r values, largest first, none below 0
 */
record Gram(INDArray vectors, double[] values) {

    /** A^T A, for A nIn x r with r at most nIn. */
    static Gram ofColumns(INDArray a) {
        ThinSvd svd = ThinSvd.of(a);
        return new Gram(svd.vt().transpose(), squares(svd));
    }

    /** B B^T, for B r x nOut with r at most nOut. */
    static Gram ofRows(INDArray b) {
        ThinSvd svd = ThinSvd.of(b);
        return new Gram(svd.u(), squares(svd));
    }

    /** Singular values that are 0 up to rounding count as 0, for they divide. */
    private static double[] squares(ThinSvd svd) {
        double[] values = svd.singularValues();
        double rounding = Math.ulp(1.0) * Math.max(svd.u().size(0), svd.vt().size(1)) * values[0];
        return Arrays.stream(values)
                .map(value -> value <= rounding ? 0 : value * value)
                .toArray();
    }

    /**
     * The inverse of the matrix plus damping times the identity.
     *
     * @param damping above 0, so that the inverse exists for linearly dependent vectors, too
     */
    INDArray inverse(double damping) {
        double[] reciprocals =
                Arrays.stream(values).map(value -> 1 / (value + damping)).toArray();
        return vectors.mulRowVector(Nd4j.createFromArray(reciprocals)).mmul(vectors.transpose());
    }

    /**
     * The solution X of the Sylvester equation this X + X other = right; 0 in directions in which both matrices are 0.
     *
     * @param right r x r
     */
    INDArray sylvester(Gram other, INDArray right) {
        INDArray rotated = vectors.transpose().mmul(right).mmul(other.vectors);
        for (int i = 0; i < values.length; i++) {
            for (int j = 0; j < other.values.length; j++) {
                double divisor = values[i] + other.values[j];
                rotated.putScalar(i, j, divisor == 0 ? 0 : rotated.getDouble(i, j) / divisor);
            }
        }
        return vectors.mmul(rotated).mmul(other.vectors.transpose());
    }
}
