package org.lowrank4j.decomposition;

import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A thin QR decomposition M = Q R of a matrix that is at least as tall as wide, in double precision whatever the type of
 * M.
 *
 * <p>Signs are fixed: the diagonal of R is not negative, so results agree between LAPACK libraries wherever M has full
 * column rank. Where it has not, Q still has orthonormal columns.
 *
 * @param q m x n, orthonormal columns, in 'f' order
 * @param r n x n, upper triangular, in 'f' order
 */
public record ThinQr(INDArray q, INDArray r) {

    /**
     * Decomposes a matrix.
     *
     * @param matrix m x n with m &gt;= n, of any floating type; not changed
     * @throws LowRankException if it is wider than tall, or if an entry is not finite
     */
    public static ThinQr of(INDArray matrix) {
        return of(matrix, Lapack.available());
    }

    static ThinQr of(INDArray matrix, Lapack lapack) {
        int m = ColumnMajor.size(matrix, 0);
        int n = ColumnMajor.size(matrix, 1);
        if (m < n) {
            throw new LowRankException("A thin QR decomposition needs at least as many rows as columns, and this matrix"
                    + " is " + m + " x " + n + ". Decompose its leading columns.");
        }
        double[] q = ColumnMajor.finiteCopy(matrix);
        double[] r = new double[Math.multiplyExact(n, n)];
        lapack.thinQr(m, n, q, r);
        fixSigns(m, n, q, r);
        return new ThinQr(ColumnMajor.array(q, m, n), ColumnMajor.array(r, n, n));
    }

    private static void fixSigns(int m, int n, double[] q, double[] r) {
        for (int i = 0; i < n; i++) {
            if (r[i + i * n] < 0) {
                for (int row = 0; row < m; row++) {
                    q[row + i * m] = -q[row + i * m];
                }
                for (int column = i; column < n; column++) {
                    r[i + column * n] = -r[i + column * n];
                }
            }
        }
    }
}
