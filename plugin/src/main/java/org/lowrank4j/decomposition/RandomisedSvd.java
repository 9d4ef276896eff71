package org.lowrank4j.decomposition;

import java.util.Random;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The leading singular triplets by a randomised range finder with power iterations (Halko, Martinsson and Tropp, arXiv
 * 0909.4061, algorithms 4.4 and 5.1). It costs about 2 (2 powerIterations + 2) m n q operations.
 */
public final class RandomisedSvd {

    private RandomisedSvd() {}

    /**
     * Approximates the q leading triplets. The last ones are the least exact: ask for more than are needed.
     *
     * @param matrix m x n of any floating type; not changed
     * @param q number of triplets, 1 to min(m, n)
     * @param powerIterations how often the range is multiplied by M M^T, 0 or more
     * @param random fixes the result
     * @return k = q triplets with the signs of {@link ThinSvd}
     * @throws LowRankException if an entry of the matrix is not finite, or q is out of range
     */
    public static ThinSvd of(INDArray matrix, int q, int powerIterations, Random random) {
        return of(matrix, q, powerIterations, random, Lapack.available());
    }

    static ThinSvd of(INDArray matrix, int q, int powerIterations, Random random, Lapack lapack) {
        int m = ColumnMajor.size(matrix, 0);
        int n = ColumnMajor.size(matrix, 1);
        if (q < 1 || q > Math.min(m, n)) {
            throw new LowRankException("A matrix of " + m + " x " + n + " has 1 to " + Math.min(m, n)
                    + " singular triplets, and " + q + " were asked for.");
        }
        INDArray a = ColumnMajor.array(ColumnMajor.finiteCopy(matrix), m, n);
        double[] directions = new double[Math.multiplyExact(n, q)];
        for (int i = 0; i < directions.length; i++) {
            directions[i] = random.nextGaussian();
        }
        INDArray range = orthonormal(product(a, ColumnMajor.array(directions, n, q), false), lapack);
        for (int i = 0; i < powerIterations; i++) {
            // Orthonormalising in between keeps the small singular directions from drowning in rounding.
            INDArray domain = orthonormal(product(a, range, true), lapack);
            range = orthonormal(product(a, domain, false), lapack);
        }
        ThinSvd small = ThinSvd.of(product(range, a, true), lapack);
        return new ThinSvd(product(range, small.u(), false), small.singularValues(), small.vt());
    }

    private static INDArray product(INDArray left, INDArray right, boolean transposeLeft) {
        long rows = transposeLeft ? left.size(1) : left.size(0);
        INDArray result = Nd4j.createUninitialized(left.dataType(), new long[] {rows, right.size(1)}, 'f');
        return Nd4j.gemm(left, right, result, transposeLeft, false, 1, 0);
    }

    private static INDArray orthonormal(INDArray columns, Lapack lapack) {
        int rows = (int) columns.size(0);
        int count = (int) columns.size(1);
        double[] entries = ColumnMajor.copy(columns);
        lapack.thinQr(rows, count, entries, new double[Math.multiplyExact(count, count)]);
        return ColumnMajor.array(entries, rows, count);
    }
}
