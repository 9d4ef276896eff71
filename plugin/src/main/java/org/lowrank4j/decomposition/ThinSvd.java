package org.lowrank4j.decomposition;

import java.util.Arrays;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A thin singular value decomposition M = U diag(s) V^T, in double precision whatever the type of M.
 *
 * <p>Signs are fixed: the entry of largest magnitude of each right singular vector is positive, the first one among
 * equals. So results agree between LAPACK libraries wherever the singular values are distinct.
 *
 * @param u m x k, orthonormal columns, in 'f' order
 * @param singularValues k values, largest first
 * @param vt k x n, orthonormal rows, in 'f' order
 */
public record ThinSvd(INDArray u, double[] singularValues, INDArray vt) {

    /**
     * Decomposes a matrix with k = min(m, n).
     *
     * @param matrix m x n of any floating type; not changed
     * @throws LowRankException if an entry is not finite, or if LAPACK does not converge
     */
    public static ThinSvd of(INDArray matrix) {
        return of(matrix, Lapack.available());
    }

    static ThinSvd of(INDArray matrix, Lapack lapack) {
        int m = ColumnMajor.size(matrix, 0);
        int n = ColumnMajor.size(matrix, 1);
        int k = Math.min(m, n);
        double[] a = ColumnMajor.finiteCopy(matrix);
        double[] s = new double[k];
        double[] u = new double[Math.multiplyExact(m, k)];
        double[] vt = new double[Math.multiplyExact(k, n)];
        lapack.thinSvd(m, n, a, s, u, vt);
        fixSigns(m, n, k, u, vt);
        return new ThinSvd(ColumnMajor.array(u, m, k), s, ColumnMajor.array(vt, k, n));
    }

    /** Number of singular triplets. */
    public int size() {
        return singularValues.length;
    }

    /** How many singular values are above what rounding alone makes of 0: sigma_1 max(m, n) 2^-52. */
    public int rank() {
        double rounding = Math.ulp(1.0) * Math.max(u.size(0), vt.size(1)) * singularValues[0];
        return (int)
                Arrays.stream(singularValues).filter(value -> value > rounding).count();
    }

    /** The left singular vectors with these numbers, m x indices.length, as a new array. */
    public INDArray left(int... indices) {
        return u.getColumns(indices);
    }

    /** The right singular vectors with these numbers, indices.length x n, as a new array. */
    public INDArray right(int... indices) {
        return vt.getRows(indices);
    }

    /** The best approximation of M of this rank, m x n. */
    public INDArray truncated(int rank) {
        INDArray product = Nd4j.zeros(DataType.DOUBLE, u.size(0), vt.size(1));
        for (int i = 0; i < Math.min(rank, size()); i++) {
            product.addi(left(i).mmul(right(i)).muli(singularValues[i]));
        }
        return product;
    }

    private static void fixSigns(int m, int n, int k, double[] u, double[] vt) {
        for (int i = 0; i < k; i++) {
            double largest = 0;
            for (int j = 0; j < n; j++) {
                double entry = vt[i + j * k];
                if (Math.abs(entry) > Math.abs(largest)) {
                    largest = entry;
                }
            }
            if (largest < 0) {
                for (int j = 0; j < n; j++) {
                    vt[i + j * k] = -vt[i + j * k];
                }
                for (int j = 0; j < m; j++) {
                    u[j + i * m] = -u[j + i * m];
                }
            }
        }
    }
}
