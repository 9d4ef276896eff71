package org.lowrank4j.decomposition;

import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The eigendecomposition M = Q diag(values) Q^T of a symmetric matrix, in double precision whatever the type of M.
 *
 * <p>Signs are fixed as in {@link ThinSvd}: the entry of largest magnitude of each eigenvector is positive, the first one
 * among equals.
 *
 * @param vectors Q, n x n, orthonormal columns, in 'f' order
 * @param values n eigenvalues, largest first; those of a positive semidefinite matrix may be below 0 by rounding
 */
public record SymmetricEigen(INDArray vectors, double[] values) {

    /** Products such as X^T X in float differ from their transpose by this much; what is no symmetric matrix, by more. */
    private static final double ASYMMETRY = 1e-4;

    /**
     * Decomposes a matrix.
     *
     * @param matrix n x n of any floating type, symmetric up to rounding; not changed
     * @throws LowRankException if it is not square or not symmetric, if an entry is not finite, or if LAPACK does not
     *     converge
     */
    public static SymmetricEigen of(INDArray matrix) {
        return of(matrix, Lapack.available());
    }

    static SymmetricEigen of(INDArray matrix, Lapack lapack) {
        int n = ColumnMajor.size(matrix, 0);
        if (ColumnMajor.size(matrix, 1) != n) {
            throw new LowRankException("Only a square matrix has an eigendecomposition, and this one is " + n + " x "
                    + matrix.size(1) + ".");
        }
        double[] a = ColumnMajor.finiteCopy(matrix);
        makeSymmetric(n, a);
        double[] ascending = new double[n];
        lapack.symmetricEigen(n, a, ascending);
        double[] vectors = new double[a.length];
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            int from = n - 1 - i;
            values[i] = ascending[from];
            double sign = signOfLargest(a, from * n, n);
            for (int row = 0; row < n; row++) {
                vectors[row + i * n] = sign * a[row + from * n];
            }
        }
        return new SymmetricEigen(ColumnMajor.array(vectors, n, n), values);
    }

    /** Replaces both of two mirrored entries by their mean. */
    private static void makeSymmetric(int n, double[] a) {
        double largest = 0;
        for (double entry : a) {
            largest = Math.max(largest, Math.abs(entry));
        }
        for (int column = 0; column < n; column++) {
            for (int row = column + 1; row < n; row++) {
                double below = a[row + column * n];
                double above = a[column + row * n];
                if (Math.abs(below - above) > ASYMMETRY * largest) {
                    throw new LowRankException("The matrix to decompose (" + n + " x " + n + ") is not symmetric: it"
                            + " has " + below + " at row " + row + ", column " + column + ", and " + above + " at row "
                            + column + ", column " + row + ".");
                }
                double mean = below + (above - below) / 2;
                a[row + column * n] = mean;
                a[column + row * n] = mean;
            }
        }
    }

    private static double signOfLargest(double[] a, int first, int count) {
        double largest = 0;
        for (int i = first; i < first + count; i++) {
            if (Math.abs(a[i]) > Math.abs(largest)) {
                largest = a[i];
            }
        }
        return largest < 0 ? -1 : 1;
    }
}
