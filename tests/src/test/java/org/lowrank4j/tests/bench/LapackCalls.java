package org.lowrank4j.tests.bench;

import static org.bytedeco.openblas.global.openblas.LAPACKE_dgeqrf;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dgesdd;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dgetrf;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dorgqr;
import static org.bytedeco.openblas.global.openblas.LAPACKE_dsyevd;
import static org.bytedeco.openblas.global.openblas.LAPACKE_sgesdd;
import static org.bytedeco.openblas.global.openblas.LAPACK_COL_MAJOR;

import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * LAPACK's routines for square matrices as directly as Java can call them: on memory outside of the heap that is used
 * again. All of a call's cost beside the routine is one copy of the matrix, which the routine destroys.
 */
final class LapackCalls {

    private final int n;
    private final DoublePointer matrix;
    private final DoublePointer symmetric;
    private final DoublePointer a;
    private final DoublePointer u;
    private final DoublePointer vt;
    private final DoublePointer vector;
    private final FloatPointer singleMatrix;
    private final FloatPointer singleA;
    private final FloatPointer singleU;
    private final FloatPointer singleVt;
    private final FloatPointer singleVector;
    private final IntPointer pivots;

    /**
     * @param matrix n x n
     * @param symmetric n x n
     */
    LapackCalls(INDArray matrix, INDArray symmetric) {
        n = (int) matrix.size(0);
        long size = (long) n * n;
        this.matrix = new DoublePointer(columns(matrix));
        this.symmetric = new DoublePointer(columns(symmetric));
        a = new DoublePointer(size);
        u = new DoublePointer(size);
        vt = new DoublePointer(size);
        vector = new DoublePointer(n);
        singleMatrix =
                new FloatPointer(matrix.castTo(DataType.FLOAT).dup('f').data().asFloat());
        singleA = new FloatPointer(size);
        singleU = new FloatPointer(size);
        singleVt = new FloatPointer(size);
        singleVector = new FloatPointer(n);
        pivots = new IntPointer(n);
    }

    private static double[] columns(INDArray matrix) {
        return matrix.castTo(DataType.DOUBLE).dup('f').data().asDouble();
    }

    void dgesdd() {
        copy(a, matrix);
        check(LAPACKE_dgesdd(LAPACK_COL_MAJOR, (byte) 'S', n, n, a, n, vector, u, n, vt, n));
    }

    void sgesdd() {
        copy(singleA, singleMatrix);
        check(LAPACKE_sgesdd(LAPACK_COL_MAJOR, (byte) 'S', n, n, singleA, n, singleVector, singleU, n, singleVt, n));
    }

    void dgeqrf() {
        copy(a, matrix);
        check(LAPACKE_dgeqrf(LAPACK_COL_MAJOR, n, n, a, n, vector));
        check(LAPACKE_dorgqr(LAPACK_COL_MAJOR, n, n, n, a, n, vector));
    }

    void dgetrf() {
        copy(a, matrix);
        check(LAPACKE_dgetrf(LAPACK_COL_MAJOR, n, n, a, n, pivots));
    }

    void dsyevd() {
        copy(a, symmetric);
        check(LAPACKE_dsyevd(LAPACK_COL_MAJOR, (byte) 'V', (byte) 'L', n, a, n, vector));
    }

    private static void copy(Pointer to, Pointer from) {
        Pointer.memcpy(to, from, from.limit() * from.sizeof());
    }

    private static void check(int info) {
        if (info != 0) {
            throw new IllegalStateException("A LAPACK routine failed with info=" + info + ".");
        }
    }
}
