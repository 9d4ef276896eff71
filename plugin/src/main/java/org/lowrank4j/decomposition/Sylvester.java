package org.lowrank4j.decomposition;

import java.util.Arrays;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The Sylvester equation A X + X B = C for symmetric A (m x m) and B (n x n), in double precision whatever their types.
 *
 * <p>With A = P diag(a) P^T and B = Q diag(b) Q^T it falls apart into m n divisions: X = P Y Q^T, and Y[i, j] is (P^T C
 * Q)[i, j] / (a_i + b_j).
 */
public final class Sylvester {

    private Sylvester() {}

    /**
     * Solves the equation.
     *
     * @param a m x m, symmetric
     * @param b n x n, symmetric
     * @param c m x n
     * @return X, m x n in double, a new array
     * @throws LowRankException if an eigenvalue of A is, up to rounding, the negative of one of B, so that there is no one
     *     solution; if a shape does not fit, A or B is not symmetric or an entry is not finite
     */
    public static INDArray solve(INDArray a, INDArray b, INDArray c) {
        return solve(a, b, c, Lapack.available());
    }

    static INDArray solve(INDArray a, INDArray b, INDArray c, Lapack lapack) {
        SymmetricEigen left = SymmetricEigen.of(a, lapack);
        SymmetricEigen right = SymmetricEigen.of(b, lapack);
        double largest = Math.max(magnitude(left), magnitude(right));
        double rounding = Math.ulp(1.0) * Math.max(left.values().length, right.values().length) * largest;
        for (double ofA : left.values()) {
            for (double ofB : right.values()) {
                if (Math.abs(ofA + ofB) <= rounding) {
                    throw new LowRankException("A X + X B = C has no one solution X: A has the eigenvalue " + ofA
                            + " and B has " + ofB + ", whose sum is 0 up to rounding.");
                }
            }
        }
        return leastNorm(left, right, c);
    }

    /**
     * The solution of least norm, where C allows any: X is 0 in those directions in which the eigenvalues of A and B sum
     * to exactly 0, and what C has there is left out. A caller for whom small eigenvalues mean 0 sets them to 0 before.
     *
     * @param a of A, m x m
     * @param b of B, n x n
     * @param c m x n
     * @return X, m x n in double, a new array
     * @throws LowRankException if the shape of C does not fit, or if an entry of it is not finite
     */
    public static INDArray leastNorm(SymmetricEigen a, SymmetricEigen b, INDArray c) {
        int m = a.values().length;
        int n = b.values().length;
        if (ColumnMajor.size(c, 0) != m || ColumnMajor.size(c, 1) != n) {
            throw new LowRankException("In A X + X B = C with A of " + m + " x " + m + " and B of " + n + " x " + n
                    + ", C is " + m + " x " + n + ", and this one has the shape " + Arrays.toString(c.shape()) + ".");
        }
        INDArray right = ColumnMajor.array(ColumnMajor.finiteCopy(c), m, n);
        double[] rotated = ColumnMajor.copy(a.vectors().transpose().mmul(right).mmul(b.vectors()));
        for (int j = 0; j < n; j++) {
            for (int i = 0; i < m; i++) {
                double sum = a.values()[i] + b.values()[j];
                rotated[i + j * m] = sum == 0 ? 0 : rotated[i + j * m] / sum;
            }
        }
        return a.vectors()
                .mmul(ColumnMajor.array(rotated, m, n))
                .mmul(b.vectors().transpose());
    }

    private static double magnitude(SymmetricEigen eigen) {
        return Arrays.stream(eigen.values()).map(Math::abs).max().orElseThrow();
    }
}
