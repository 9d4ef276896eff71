package org.lowrank4j.decomposition;

import java.lang.ref.Reference;
import java.util.Arrays;
import org.bytedeco.javacpp.DoublePointer;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Matrices as LAPACK wants them: doubles, one column after the other. */
final class ColumnMajor {

    private ColumnMajor() {}

    /** One side of a matrix that an array of doubles can hold. */
    static int size(INDArray matrix, int axis) {
        if (matrix.rank() != 2 || matrix.size(0) < 1 || matrix.size(1) < 1) {
            throw new LowRankException("Only a matrix with at least one row and one column can be decomposed, and this"
                    + " array has the shape " + Arrays.toString(matrix.shape()) + ".");
        }
        if (matrix.length() > Integer.MAX_VALUE - 8) {
            throw new LowRankException("A matrix of " + matrix.size(0) + " x " + matrix.size(1)
                    + " entries is too large to decompose; the limit is " + (Integer.MAX_VALUE - 8) + " entries.");
        }
        return (int) matrix.size(axis);
    }

    /**
     * The entries of a matrix as a new array.
     *
     * @throws LowRankException if one is NaN or infinite
     */
    static double[] finiteCopy(INDArray matrix) {
        double[] entries = copy(matrix);
        int rows = (int) matrix.size(0);
        for (int i = 0; i < entries.length; i++) {
            if (!Double.isFinite(entries[i])) {
                throw new LowRankException("The matrix to decompose (" + rows + " x " + matrix.size(1) + ") has "
                        + entries[i] + " at row " + i % rows + ", column " + i / rows + ". Only finite entries can be"
                        + " decomposed: check the data and the learning rate, for training has diverged.");
            }
        }
        return entries;
    }

    /** The entries of a matrix as a new array. */
    static double[] copy(INDArray matrix) {
        INDArray columns = matrix.castTo(DataType.DOUBLE).dup('f');
        double[] entries = new double[Math.toIntExact(columns.length())];
        try {
            Nd4j.getAffinityManager().ensureLocation(columns, Location.HOST);
            // In one piece: ND4J's own conversion goes through each entry, which takes longer than an LU decomposition.
            new DoublePointer(columns.data().pointer()).get(entries);
        } finally {
            Reference.reachabilityFence(columns);
        }
        return entries;
    }

    /** An ND4J matrix in 'f' order with these entries. */
    static INDArray array(double[] entries, int rows, int columns) {
        INDArray matrix = Nd4j.createUninitialized(DataType.DOUBLE, new long[] {rows, columns}, 'f');
        new DoublePointer(matrix.data().pointer()).put(entries);
        Nd4j.getAffinityManager().tagLocation(matrix, Location.HOST);
        return matrix;
    }
}
