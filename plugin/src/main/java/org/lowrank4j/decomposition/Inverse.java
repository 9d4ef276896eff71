package org.lowrank4j.decomposition;

import org.nd4j.linalg.api.ndarray.INDArray;

/** The inverse of a small square matrix, by elimination with partial pivoting in double precision. */
public final class Inverse {

    private Inverse() {}

    /**
     * Inverts a matrix.
     *
     * @param matrix n x n of any floating type that has an inverse; not changed
     * @return n x n in double; not finite where there is no inverse
     */
    public static INDArray of(INDArray matrix) {
        int n = ColumnMajor.size(matrix, 0);
        double[] a = ColumnMajor.copy(matrix);
        double[] inverse = new double[n * n];
        for (int i = 0; i < n; i++) {
            inverse[i * n + i] = 1;
        }
        // Columns in the place of rows: the inverse of the transpose is the transpose of the inverse.
        for (int i = 0; i < n; i++) {
            int pivot = i;
            for (int j = i + 1; j < n; j++) {
                if (Math.abs(a[j * n + i]) > Math.abs(a[pivot * n + i])) {
                    pivot = j;
                }
            }
            exchange(a, n, i, pivot);
            exchange(inverse, n, i, pivot);
            double by = 1 / a[i * n + i];
            for (int k = 0; k < n; k++) {
                a[i * n + k] *= by;
                inverse[i * n + k] *= by;
            }
            for (int j = 0; j < n; j++) {
                double part = a[j * n + i];
                if (j != i && part != 0) {
                    for (int k = 0; k < n; k++) {
                        a[j * n + k] -= part * a[i * n + k];
                        inverse[j * n + k] -= part * inverse[i * n + k];
                    }
                }
            }
        }
        return ColumnMajor.array(inverse, n, n);
    }

    private static void exchange(double[] columns, int n, int one, int other) {
        for (int k = 0; one != other && k < n; k++) {
            double kept = columns[one * n + k];
            columns[one * n + k] = columns[other * n + k];
            columns[other * n + k] = kept;
        }
    }
}
