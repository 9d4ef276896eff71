package org.lowrank4j.gradient.exchange;

import org.lowrank4j.decomposition.SymmetricEigen;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The subspace of r dimensions near most of p directions, by iteratively reweighted least squares (Flag Aggregator, arXiv
 * 2302.05865, and the released code), from the inner products of the directions alone.
 *
 * <p>X (d x p) has the directions x_i as columns, each of length 1, and K = X^T X. One iteration:
 *
 * <pre>
 * w_i  = (|1 - c_ii| + 1e-7)^(-1/4)                                   c = X^T Y Y^T X, of the subspace before
 * w_ij = lambda / (p (p - 1)) (|1 - (c_ii + c_jj - 2 c_ij)| + 1e-7)^(-1/4)    for all i != j
 * Y    = r leading left singular vectors of [w_i x_i, w_ij (x_i - x_j)]
 * </pre>
 *
 * <p>The matrix in brackets is X C; with C C^T = L L^T (p x p) and the eigenvectors V of L^T K L, Y = X T with T = L V
 * values^(-1/2). So nothing has d rows, and all of it runs in double. An iteration that does not lower
 * sum_i sqrt(1 - c_ii) is undone.
 */
final class FlagSubspace {

    private static final double EPSILON = 1e-7;

    /** Eigenvalues below this part of the largest are rounding: their singular values are a millionth of the largest. */
    private static final double RANK_TOLERANCE = 1e-12;

    private final INDArray gram;
    private final int dimensions;
    private final double lambda;
    private INDArray captured;
    private INDArray basis;
    private double objective;

    /**
     * Begins with a subspace.
     *
     * @param gram K, p x p, DOUBLE
     * @param dimensions r
     * @param lambda weight of the differences, 0 or more
     * @param captured c of the subspace to begin with, p x p; zeros for none
     */
    FlagSubspace(INDArray gram, int dimensions, double lambda, INDArray captured) {
        this.gram = gram;
        this.dimensions = dimensions;
        this.lambda = lambda;
        this.captured = captured;
        basis = Nd4j.create(DataType.DOUBLE, new long[] {gram.size(0), 1}, 'f');
        objective = objective(captured);
    }

    /** The number of directions. */
    private int count() {
        return (int) gram.size(0);
    }

    /** T, p x at most r: Y = X T. Zeros before the first iteration. */
    INDArray basis() {
        return basis;
    }

    /** c_ii, the share of each direction's squared length that lies in the subspace. */
    double[] captured() {
        double[] shares = new double[count()];
        for (int i = 0; i < shares.length; i++) {
            shares[i] = captured.getDouble(i, i);
        }
        return shares;
    }

    /** sum_i sqrt(1 - c_ii). */
    double objective() {
        return objective;
    }

    /** w_i of the next iteration. */
    double[] weights() {
        double[] weights = captured();
        for (int i = 0; i < weights.length; i++) {
            weights[i] = weight(weights[i]);
        }
        return weights;
    }

    private static double weight(double share) {
        return Math.pow(Math.abs(1 - share) + EPSILON, -0.25);
    }

    private static double objective(INDArray captured) {
        double sum = 0;
        for (int i = 0; i < captured.size(0); i++) {
            sum += Math.sqrt(Math.max(0, 1 - captured.getDouble(i, i)));
        }
        return sum;
    }

    /** What is left of a sum of the directions with these factors within the subspace, as such a sum. */
    double[] project(double[] factors) {
        INDArray sum = Nd4j.createFromArray(factors).reshape(factors.length, 1);
        return basis.mmul(basis.transpose().mmul(gram.mmul(sum))).data().asDouble();
    }

    /** One iteration. */
    void iterate() {
        INDArray root = root();
        SymmetricEigen eigen = SymmetricEigen.of(root.transpose().mmul(gram).mmul(root));
        int rank = 0;
        while (rank < Math.min(dimensions, count()) && eigen.values()[rank] > RANK_TOLERANCE * eigen.values()[0]) {
            rank++;
        }
        INDArray next = Nd4j.create(DataType.DOUBLE, new long[] {count(), rank}, 'f');
        INDArray vectors = root.mmul(eigen.vectors());
        for (int j = 0; j < rank; j++) {
            next.putColumn(j, vectors.getColumn(j).mul(1 / Math.sqrt(eigen.values()[j])));
        }
        INDArray inBasis = gram.mmul(next);
        INDArray nowCaptured = inBasis.mmul(inBasis.transpose());
        double reached = objective(nowCaptured);
        if (reached < objective) {
            basis = next;
            captured = nowCaptured;
            objective = reached;
        }
    }

    /** L, the lower triangular root of the sum of w_i^2 e_i e_i^T and w_ij^2 (e_i - e_j)(e_i - e_j)^T. */
    private INDArray root() {
        int p = count();
        double[] weights = weights();
        double[][] sum = new double[p][p];
        for (int i = 0; i < p; i++) {
            sum[i][i] += weights[i] * weights[i];
            for (int j = 0; j < i && lambda > 0; j++) {
                double share = captured.getDouble(i, i) + captured.getDouble(j, j) - 2 * captured.getDouble(i, j);
                double weight = lambda / (p * (p - 1.0)) * weight(share);
                double both = 2 * weight * weight;
                sum[i][i] += both;
                sum[j][j] += both;
                sum[i][j] -= both;
            }
        }
        // Cholesky, in place: diagonally dominant, so no pivot is below a w_i^2.
        for (int j = 0; j < p; j++) {
            for (int i = j; i < p; i++) {
                double rest = sum[i][j];
                for (int k = 0; k < j; k++) {
                    rest -= sum[i][k] * sum[j][k];
                }
                sum[i][j] = i == j ? Math.sqrt(rest) : rest / sum[j][j];
            }
        }
        return Nd4j.createFromArray(sum);
    }
}
