package org.lowrank4j.decomposition;

import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * LAPACK through ND4J's wrapper, which every backend has. The wrapper's SVD only gives square U and V, so a long matrix
 * is first reduced by QR to a square one of its shorter side.
 */
final class Nd4jLapack implements Lapack {

    /** The wrapper reports no failure to converge; a product this far from the matrix is one. */
    private static final double TOLERANCE = 1e-10;

    @Override
    public void thinSvd(int m, int n, double[] a, double[] s, double[] u, double[] vt) {
        if (m < n) {
            double[] left = new double[n * m];
            double[] right = new double[m * m];
            thinSvd(n, m, transposed(a, m, n), s, left, right);
            System.arraycopy(transposed(right, m, m), 0, u, 0, u.length);
            System.arraycopy(transposed(left, n, m), 0, vt, 0, vt.length);
            return;
        }
        double[] r = new double[n * n];
        thinQr(m, n, a, r);
        INDArray q = ColumnMajor.array(a, m, n);
        INDArray square = ColumnMajor.array(r, n, n);
        INDArray values = Nd4j.create(DataType.DOUBLE, new long[] {n}, 'f');
        INDArray leftOfSquare = Nd4j.create(DataType.DOUBLE, new long[] {n, n}, 'f');
        INDArray right = Nd4j.create(DataType.DOUBLE, new long[] {n, n}, 'f');
        Nd4j.getBlasWrapper().lapack().gesvd(square.dup('f'), values, leftOfSquare, right);
        double error = leftOfSquare
                .mulRowVector(values)
                .mmul(right)
                .subi(square)
                .normmaxNumber()
                .doubleValue();
        if (!(error <= TOLERANCE * Math.max(values.getDouble(0), Double.MIN_NORMAL))) {
            throw new LowRankException(
                    "LAPACK's gesvd did not converge on a matrix of " + m + " x " + n + " (error " + error + ").");
        }
        System.arraycopy(values.data().asDouble(), 0, s, 0, n);
        System.arraycopy(ColumnMajor.copy(q.mmul(leftOfSquare)), 0, u, 0, u.length);
        System.arraycopy(ColumnMajor.copy(right), 0, vt, 0, vt.length);
    }

    @Override
    public void thinQr(int m, int n, double[] a, double[] r) {
        INDArray q = ColumnMajor.array(a, m, n);
        INDArray triangle = Nd4j.create(DataType.DOUBLE, new long[] {n, n}, 'f');
        Nd4j.getBlasWrapper().lapack().geqrf(q, triangle);
        System.arraycopy(ColumnMajor.copy(q), 0, a, 0, a.length);
        System.arraycopy(ColumnMajor.copy(triangle), 0, r, 0, r.length);
    }

    @Override
    public void lu(int m, int n, double[] a, int[] exchanged) {
        INDArray factors = ColumnMajor.array(a, m, n);
        INDArray pivots = Nd4j.getBlasWrapper().lapack().getrf(factors);
        System.arraycopy(ColumnMajor.copy(factors), 0, a, 0, a.length);
        for (int i = 0; i < exchanged.length; i++) {
            exchanged[i] = pivots.data().getInt(i) - 1;
        }
    }

    @Override
    public void symmetricEigen(int n, double[] a, double[] values) {
        INDArray vectors = ColumnMajor.array(a, n, n);
        INDArray eigenvalues = Nd4j.create(DataType.DOUBLE, new long[] {n}, 'f');
        int info = Nd4j.getBlasWrapper().lapack().syev('V', 'L', vectors, eigenvalues);
        if (info != 0) {
            throw new LowRankException(
                    "LAPACK's syev failed on a matrix of " + n + " x " + n + " with info=" + info + ".");
        }
        System.arraycopy(ColumnMajor.copy(vectors), 0, a, 0, a.length);
        System.arraycopy(eigenvalues.data().asDouble(), 0, values, 0, n);
    }

    private static double[] transposed(double[] a, int rows, int columns) {
        double[] result = new double[a.length];
        for (int column = 0; column < columns; column++) {
            for (int row = 0; row < rows; row++) {
                result[column + row * columns] = a[row + column * rows];
            }
        }
        return result;
    }
}
