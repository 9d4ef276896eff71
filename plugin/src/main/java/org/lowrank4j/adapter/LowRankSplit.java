package org.lowrank4j.adapter;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.lowrank4j.decomposition.RandomisedSvd;
import org.lowrank4j.decomposition.ThinQr;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The leading part of a matrix M as a product of two factors, A = U sqrt(S) and B = sqrt(S) V^T: by Eckart and Young the
 * best product of its rank.
 *
 * @param left U, m x r, in double
 * @param values S, r values, largest first
 * @param right V^T, r x n, in double; the largest entry of each row is positive
 * @param energy the squared Frobenius norm of M
 */
record LowRankSplit(INDArray left, double[] values, INDArray right, double energy) {

    /** From here on an exact decomposition of M costs clearly more than a randomised one of few directions. */
    private static final long EXACT_UP_TO = 512;

    private static final int OVERSAMPLING = 10;
    private static final int POWER_ITERATIONS = 4;

    /** Singular values below this part of the largest are rounding. */
    private static final double ROUNDING = 1e-12;

    /** All of M, by an exact decomposition. */
    static LowRankSplit of(INDArray matrix) {
        ThinSvd svd = ThinSvd.of(matrix);
        return new LowRankSplit(svd.u(), svd.singularValues(), svd.vt(), energy(svd.singularValues()));
    }

    /** The leading triplets of M, at most this many; randomised (with a fixed seed) where that is cheaper. */
    static LowRankSplit leading(INDArray matrix, int atMost) {
        long shorter = Math.min(matrix.size(0), matrix.size(1));
        int wanted = (int) Math.min(atMost, shorter);
        int q = (int) Math.min(wanted + OVERSAMPLING, shorter);
        if (shorter <= EXACT_UP_TO || 4L * q > shorter) {
            return of(matrix).truncated(wanted);
        }
        ThinSvd svd = RandomisedSvd.of(matrix, q, POWER_ITERATIONS, new Random(0));
        double norm = matrix.norm2Number().doubleValue();
        return new LowRankSplit(svd.u(), svd.singularValues(), svd.vt(), norm * norm).truncated(wanted);
    }

    /**
     * The product A B, without forming it where it is low: with A = Qa Ra and B^T = Qb Rb, the decomposition is that of
     * the small Ra Rb^T.
     *
     * @param a m x k
     * @param b k x n
     */
    static LowRankSplit ofProduct(INDArray a, INDArray b) {
        INDArray wideA = a.castTo(DataType.DOUBLE);
        INDArray wideB = b.castTo(DataType.DOUBLE);
        if (a.size(1) >= Math.min(a.size(0), b.size(1))) {
            return of(wideA.mmul(wideB));
        }
        ThinQr qrOfA = ThinQr.of(wideA);
        ThinQr qrOfB = ThinQr.of(wideB.transpose());
        ThinSvd small = ThinSvd.of(qrOfA.r().mmul(qrOfB.r().transpose()));
        INDArray left = qrOfA.q().mmul(small.u());
        INDArray right = small.vt().mmul(qrOfB.q().transpose());
        fixSigns(left, right);
        return new LowRankSplit(left, small.singularValues(), right, energy(small.singularValues()));
    }

    private static void fixSigns(INDArray left, INDArray right) {
        for (long i = 0; i < right.size(0); i++) {
            INDArray row = right.getRow(i);
            double[] entries = row.toDoubleVector();
            double largest = 0;
            for (double entry : entries) {
                largest = Math.abs(entry) > Math.abs(largest) ? entry : largest;
            }
            if (largest < 0) {
                row.negi();
                left.getColumn(i).negi();
            }
        }
    }

    private static double energy(double[] values) {
        return Arrays.stream(values).map(value -> value * value).sum();
    }

    int size() {
        return values.length;
    }

    /** How many singular values are more than rounding. */
    int numericalRank() {
        double smallest = values.length == 0 ? 0 : values[0] * ROUNDING;
        return (int) Arrays.stream(values).filter(value -> value > smallest).count();
    }

    /** The fewest triplets that keep this part of the energy, at least 1. */
    int rankFor(double part) {
        double kept = 0;
        for (int i = 0; i < values.length; i++) {
            kept += values[i] * values[i];
            if (kept >= part * energy) {
                return i + 1;
            }
        }
        return Math.max(1, values.length);
    }

    /** The part of the energy that is in these triplets, 1 for a matrix of zeros. */
    double keptEnergy() {
        return energy == 0 ? 1 : Math.min(1, energy(values) / energy);
    }

    /** The first triplets, without those that are rounding, at least one. */
    LowRankSplit truncated(int rank) {
        int kept = Math.max(1, Math.min(rank, numericalRank()));
        int[] first = IntStream.range(0, kept).toArray();
        return new LowRankSplit(left.getColumns(first), Arrays.copyOf(values, kept), right.getRows(first), energy);
    }

    /** A = U sqrt(S), m x r. */
    INDArray a() {
        return left.mulRowVector(roots());
    }

    /** B = sqrt(S) V^T, r x n. */
    INDArray b() {
        return right.mulColumnVector(roots().reshape(size(), 1));
    }

    private INDArray roots() {
        return Nd4j.create(
                Arrays.stream(values).map(Math::sqrt).toArray(), new long[] {1, values.length}, DataType.DOUBLE);
    }

    /** An adapter whose scale is 1. */
    LayerAdapter adapter(DataType type) {
        return LayerAdapter.unscaled(a().castTo(type), b().castTo(type));
    }
}
