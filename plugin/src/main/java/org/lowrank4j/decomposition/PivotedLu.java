package org.lowrank4j.decomposition;

import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * An LU decomposition with partial pivoting, in double precision whatever the type of M: row {@code rows[i]} of M is row i
 * of L U.
 *
 * @param rows the m row numbers of M in the order in which they became rows of L
 * @param lower L, m x k, 1 on the diagonal, 0 above it and at most 1 in magnitude below it, in 'f' order
 * @param upper U, k x n, 0 below the diagonal, in 'f' order; its diagonal has the pivots, which may be 0
 */
public record PivotedLu(int[] rows, INDArray lower, INDArray upper) {

    /**
     * Decomposes a matrix with k = min(m, n).
     *
     * @param matrix m x n of any floating type; not changed
     * @throws org.lowrank4j.LowRankException if an entry is not finite
     */
    public static PivotedLu of(INDArray matrix) {
        return of(matrix, Lapack.available());
    }

    static PivotedLu of(INDArray matrix, Lapack lapack) {
        int m = ColumnMajor.size(matrix, 0);
        int n = ColumnMajor.size(matrix, 1);
        int k = Math.min(m, n);
        double[] a = ColumnMajor.finiteCopy(matrix);
        int[] exchanged = new int[k];
        lapack.lu(m, n, a, exchanged);
        double[] lower = new double[Math.multiplyExact(m, k)];
        double[] upper = new double[Math.multiplyExact(k, n)];
        for (int column = 0; column < n; column++) {
            for (int row = 0; row < m; row++) {
                if (row <= column && row < k) {
                    upper[row + column * k] = a[row + column * m];
                } else if (column < k) {
                    lower[row + column * m] = a[row + column * m];
                }
            }
        }
        for (int i = 0; i < k; i++) {
            lower[i + i * m] = 1;
        }
        return new PivotedLu(rows(m, exchanged), ColumnMajor.array(lower, m, k), ColumnMajor.array(upper, k, n));
    }

    private static int[] rows(int m, int[] exchanged) {
        int[] rows = IntStream.range(0, m).toArray();
        for (int i = 0; i < exchanged.length; i++) {
            int other = rows[exchanged[i]];
            rows[exchanged[i]] = rows[i];
            rows[i] = other;
        }
        return rows;
    }
}
