package org.lowrank4j.decomposition;

import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.blas.KernelAdvice;
import org.lowrank4j.blas.OpenBlas;

/** The LAPACK decompositions that this package needs, on column-major doubles without padding. */
interface Lapack {

    /**
     * Thin SVD of an m x n matrix with k = min(m, n).
     *
     * @param a m x n, destroyed
     * @param s receives the k singular values, largest first
     * @param u receives U, m x k
     * @param vt receives V^T, k x n
     */
    void thinSvd(int m, int n, double[] a, double[] s, double[] u, double[] vt);

    /**
     * The factor Q of a thin QR decomposition.
     *
     * @param a m x n with m &gt;= n; replaced by Q, m x n with orthonormal columns
     * @param r receives the upper triangle R, n x n, with zeros below
     */
    void thinQr(int m, int n, double[] a, double[] r);

    /**
     * LU with partial pivoting of an m x n matrix with k = min(m, n). A pivot of 0 is no error.
     *
     * @param a m x n; replaced by U (m x n, upper) and, below its diagonal, L (m x k, whose diagonal is 1)
     * @param exchanged receives for each of k steps the row that row i was exchanged with, counted from 0
     */
    void lu(int m, int n, double[] a, int[] exchanged);

    /**
     * Eigenvalues and eigenvectors of a symmetric n x n matrix.
     *
     * @param a n x n; replaced by the eigenvectors, one per column, in the order of the eigenvalues
     * @param values receives the n eigenvalues, <em>smallest</em> first
     */
    void symmetricEigen(int n, double[] a, double[] values);

    /**
     * OpenBLAS itself where its classes are there (they come with nd4j-native), else what ND4J offers on any backend.
     *
     * @throws LowRankException if OpenBLAS computes wrong results in double precision, as some of its kernels do
     */
    static Lapack available() {
        String refusal = Available.REFUSAL;
        if (refusal != null) {
            throw new LowRankException(refusal);
        }
        return Available.LAPACK;
    }

    /** Looks once, at the first decomposition. */
    final class Available {

        private static final Lapack LAPACK = find();
        private static final @Nullable String REFUSAL = LAPACK instanceof OpenBlasLapack ? refusal() : null;

        private Available() {}

        private static @Nullable String refusal() {
            return OpenBlas.doublesAreRight()
                    ? null
                    : "Weights cannot be decomposed here: OpenBLAS " + OpenBlas.version() + " runs its "
                            + OpenBlas.kernel() + " kernels, which compute wrong products in double precision. Set "
                            + KernelAdvice.VARIABLE + "=Haswell in the environment before the JVM starts.";
        }

        private static Lapack find() {
            try {
                Class.forName("org.bytedeco.openblas.global.openblas", true, Lapack.class.getClassLoader());
                return new OpenBlasLapack();
            } catch (ClassNotFoundException | LinkageError absent) {
                // A backend without OpenBLAS, such as CUDA alone: nothing is wrong, there is another way.
                return new Nd4jLapack();
            }
        }
    }
}
