package org.lowrank4j.decomposition;

import static org.bytedeco.openblas.global.openblas.LAPACKE_dgeqrf;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dgesdd;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dgesvd;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dgetrf;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dorgqr;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dsyev;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dsyevd;
import static org.bytedeco.openblas.global.openblas.LAPACK_COL_MAJOR;

import org.lowrank4j.LowRankException;

/**
 * LAPACK through OpenBLAS, which nd4j-native brings along. ND4J's own wrapper only offers full singular vectors by QR
 * iteration, which takes 30 times as long at 1024 x 1024.
 */
final class OpenBlasLapack implements Lapack {

    @Override
    public void thinSvd(int m, int n, double[] a, double[] s, double[] u, double[] vt) {
        int k = Math.min(m, n);
        double[] original = a.clone();
        int info = LAPACKE_dgesdd(LAPACK_COL_MAJOR, (byte) 'S', m, n, a, m, s, u, m, vt, k);
        if (info > 0) {
            // Divide and conquer can fail to converge where QR iteration does not.
            double[] unconverged = new double[k];
            info = LAPACKE_dgesvd(
                    LAPACK_COL_MAJOR, (byte) 'S', (byte) 'S', m, n, original, m, s, u, m, vt, k, unconverged);
        }
        check("dgesdd", info, m, n);
    }

    @Override
    public void thinQr(int m, int n, double[] a, double[] r) {
        double[] reflectors = new double[n];
        check("dgeqrf", LAPACKE_dgeqrf(LAPACK_COL_MAJOR, m, n, a, m, reflectors), m, n);
        for (int column = 0; column < n; column++) {
            for (int row = 0; row < n; row++) {
                r[row + column * n] = row <= column ? a[row + column * m] : 0;
            }
        }
        check("dorgqr", LAPACKE_dorgqr(LAPACK_COL_MAJOR, m, n, n, a, m, reflectors), m, n);
    }

    @Override
    public void lu(int m, int n, double[] a, int[] exchanged) {
        int info = LAPACKE_dgetrf(LAPACK_COL_MAJOR, m, n, a, m, exchanged);
        // Above 0 it is the number of a pivot that is exactly 0: the decomposition is complete all the same.
        check("dgetrf", Math.min(info, 0), m, n);
        for (int i = 0; i < exchanged.length; i++) {
            exchanged[i]--;
        }
    }

    @Override
    public void symmetricEigen(int n, double[] a, double[] values) {
        double[] original = a.clone();
        int info = LAPACKE_dsyevd(LAPACK_COL_MAJOR, (byte) 'V', (byte) 'L', n, a, n, values);
        if (info > 0) {
            // As for the SVD: QR iteration is slower and converges more often.
            System.arraycopy(original, 0, a, 0, a.length);
            info = LAPACKE_dsyev(LAPACK_COL_MAJOR, (byte) 'V', (byte) 'L', n, a, n, values);
        }
        check("dsyevd", info, n, n);
    }

    private static void check(String routine, int info, int m, int n) {
        if (info != 0) {
            throw new LowRankException("LAPACK's " + routine + " failed on a matrix of " + m + " x " + n + " with info="
                    + info
                    + (info > 0 ? " (it did not converge)." : " (an argument was refused, or memory was short)."));
        }
    }
}
