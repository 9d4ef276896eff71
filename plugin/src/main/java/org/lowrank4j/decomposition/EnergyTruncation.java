package org.lowrank4j.decomposition;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The leading part M_k = U_k diag(s_k) V_k^T of a matrix, in double precision. Where M is a weight nIn x nOut, U is on the
 * side of its inputs.
 *
 * @param svd of the whole matrix
 * @param rank k, 0 to min(m, n)
 */
public record EnergyTruncation(ThinSvd svd, int rank) {

    /**
     * The smallest part that keeps a share of the energy, the sum of the squared singular values; of a matrix of zeros
     * nothing is kept.
     *
     * @param energy above 0 and at most 1
     */
    public static EnergyTruncation of(INDArray matrix, double energy) {
        ThinSvd svd = ThinSvd.of(matrix);
        return new EnergyTruncation(svd, rank(svd.singularValues(), energy));
    }

    /** The smallest number of singular values, largest first, with this share of the energy. */
    public static int rank(double[] values, double energy) {
        double total = 0;
        for (double value : values) {
            total += value * value;
        }
        int rank = 0;
        double kept = 0;
        while (kept < energy * total) {
            kept += values[rank] * values[rank];
            rank++;
        }
        return rank;
    }

    /** M_k. */
    public INDArray matrix() {
        return product(1);
    }

    /** U_k V_k^T, the sub-gradient of the nuclear norm (the sum of the singular values) at M_k. */
    public INDArray nuclearSubgradient() {
        return product(0);
    }

    /** U_k diag(sqrt(s_k)), m x k: the input side of a balanced split of M_k. */
    public INDArray left() {
        return left(0.5);
    }

    /** diag(sqrt(s_k)) V_k^T, k x n: the output side of a balanced split of M_k. */
    public INDArray right() {
        return right(0.5);
    }

    /** U_k diag(s_k^power), m x k. */
    public INDArray left(double power) {
        return rank == 0 ? none(svd.u().size(0), 0) : scaledLeft(power);
    }

    /** diag(s_k^power) V_k^T, k x n. */
    public INDArray right(double power) {
        return rank == 0
                ? none(0, svd.vt().size(1))
                : svd.right(leading()).muliColumnVector(values(power).reshape(rank, 1));
    }

    /** U_k diag(s_k^power) V_k^T. */
    private INDArray product(int power) {
        return rank == 0
                ? Nd4j.zeros(DataType.DOUBLE, svd.u().size(0), svd.vt().size(1))
                : scaledLeft(power).mmul(svd.right(leading()));
    }

    private INDArray scaledLeft(double power) {
        return svd.left(leading()).muliRowVector(values(power));
    }

    private INDArray values(double power) {
        return Nd4j.createFromArray(Arrays.stream(svd.singularValues(), 0, rank)
                .map(value -> Math.pow(value, power))
                .toArray());
    }

    private int[] leading() {
        return IntStream.range(0, rank).toArray();
    }

    private static INDArray none(long rows, long columns) {
        return Nd4j.create(DataType.DOUBLE, rows, columns);
    }
}
