package org.lowrank4j.initialisation;

import java.util.Arrays;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.SymmetricEigen;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Factors;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The eigenspace of a layer's inputs as EoRA uses it (arXiv 2410.21271, section 3): with the second moment C = Q L Q^T,
 * the projection T = Q L^(1/2) turns the mean squared error of a layer's outputs into a plain norm, since the mean of
 * |x E|^2 is |T^T E|_F^2 for any nIn x nOut matrix E.
 *
 * <p>Eigenvalues of at most max(L) nIn 2^-23 count as 0, because that is what rounding makes of inputs in single
 * precision; their directions are left out of T and of its inverse. So fewer calibration rows than nIn do no harm beyond
 * the directions that they say nothing of.
 *
 * <p>Where C is diagonal, as of tokens, Q is too, and only diagonals are kept, with 0 in the directions that are left out.
 *
 * @param projection T, nIn x k, or the diagonal, nIn x 1
 * @param inverse Q L^(-1/2), nIn x k, whose transpose is the pseudo-inverse of T, or the diagonal, nIn x 1
 * @param diagonal whether both are diagonals
 */
public record Eigenspace(INDArray projection, INDArray inverse, boolean diagonal) {

    private static final double ROUNDING = Math.ulp(1f);

    /**
     * Decomposes a second moment.
     *
     * @param secondMoment C, nIn x nIn, symmetric and without negative eigenvalues, or its diagonal, nIn x 1
     * @throws LowRankException if it is all 0, or if it has entries that are not finite
     */
    public static Eigenspace of(INDArray secondMoment) {
        if (secondMoment.size(1) == 1) {
            return ofDiagonal(secondMoment);
        }
        SymmetricEigen eigen = SymmetricEigen.of(secondMoment);
        double[] values = eigen.values();
        double least = values[0] * values.length * ROUNDING;
        int kept = 0;
        while (kept < values.length && values[kept] > least) {
            kept++;
        }
        if (kept == 0) {
            throw nothing();
        }
        INDArray roots = Nd4j.createFromArray(
                Arrays.stream(values, 0, kept).map(Math::sqrt).toArray());
        INDArray vectors = eigen.vectors().get(NDArrayIndex.all(), NDArrayIndex.interval(0, kept));
        return new Eigenspace(vectors.mulRowVector(roots), vectors.divRowVector(roots), false);
    }

    private static LowRankException nothing() {
        return new LowRankException("The inputs of the layer are all 0 over the calibration batches, so nothing"
                + " tells which errors of its weights matter. Calibrate with batches that reach the layer.");
    }

    private static Eigenspace ofDiagonal(INDArray diagonal) {
        double largest = diagonal.maxNumber().doubleValue();
        double least = largest * diagonal.length() * ROUNDING;
        if (!(largest > 0)) {
            throw nothing();
        }
        double[] roots = Arrays.stream(diagonal.dup().data().asDouble())
                .map(value -> value > least ? Math.sqrt(value) : 0)
                .toArray();
        double[] reciprocals =
                Arrays.stream(roots).map(root -> root > 0 ? 1 / root : 0).toArray();
        return new Eigenspace(
                Nd4j.createFromArray(roots).reshape(roots.length, 1),
                Nd4j.createFromArray(reciprocals).reshape(roots.length, 1),
                true);
    }

    /** k, how many directions the inputs have. */
    public int dimension() {
        return diagonal
                ? (int) Arrays.stream(projection.dup().data().asDouble())
                        .filter(root -> root != 0)
                        .count()
                : (int) projection.size(1);
    }

    /**
     * The root of the mean squared error of the layer's outputs, summed over its units, that an error of W causes.
     *
     * @param error E, nIn x nOut, in double
     */
    public double outputError(INDArray error) {
        return projected(error).norm2Number().doubleValue();
    }

    /**
     * The A and B whose s A B is closest to a residual in what it does to the layer's outputs: with T^T E = U S V^T,
     *
     * <pre>A = Q L^(-1/2) U_r sqrt(S_r / s),   B = sqrt(S_r / s) V_r^T</pre>
     *
     * so that {@link #outputError} of E - s A B is the root of the sum of the squares of the singular values after the
     * first r, the least that rank r allows. Pairs beyond the rank of T^T E are 0.
     *
     * @param residual E, nIn x nOut, in double
     * @param rank r, at least 1
     * @param scale s, above 0
     */
    public Factors compensation(INDArray residual, int rank, double scale) {
        Factors within = SingularFactors.leading(ThinSvd.of(projected(residual)), rank, scale);
        INDArray a = diagonal ? within.a().mulColumnVector(inverse) : inverse.mmul(within.a());
        return new Factors(a, within.b());
    }

    private INDArray projected(INDArray matrix) {
        return diagonal
                ? matrix.mulColumnVector(projection)
                : projection.transpose().mmul(matrix);
    }
}
