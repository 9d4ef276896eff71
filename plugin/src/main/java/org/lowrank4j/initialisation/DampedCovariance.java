package org.lowrank4j.initialisation;

import java.util.Arrays;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.SymmetricEigen;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * C' = C + d mean(diag C) I, which has an inverse even where some directions of the inputs never vary.
 *
 * @param matrix C', nIn x nIn in double
 * @param inverse of C', nIn x nIn in double
 * @param damping d
 */
public record DampedCovariance(INDArray matrix, INDArray inverse, double damping) {

    /** An inverse is good enough when the Frobenius norm of C' C'^-1 - I is below this. */
    private static final double INVERSE_ERROR = 0.05;

    /**
     * Damps by the first of d, 2 d, 4 d, ... that gives a good enough inverse.
     *
     * @param layer its name, for messages
     * @param covariance C, nIn x nIn, positive semidefinite
     * @param rows how many rows C was made of, for messages
     * @param firstDamping d, above 0
     * @throws LowRankException if C is 0, or so small or large that no damping up to 1 will do
     */
    public static DampedCovariance of(String layer, INDArray covariance, long rows, double firstDamping) {
        SymmetricEigen eigen = SymmetricEigen.of(covariance);
        long n = covariance.size(0);
        double mean = Arrays.stream(eigen.values()).sum() / n;
        double error = Double.NaN;
        if (mean > 0) {
            for (double damping = firstDamping; damping <= Math.max(1, firstDamping); damping *= 2) {
                double added = damping * mean;
                INDArray matrix =
                        plusIdentity(covariance.castTo(DataType.DOUBLE).dup(), added);
                double[] reciprocals = Arrays.stream(eigen.values())
                        .map(value -> 1 / (value + added))
                        .toArray();
                INDArray inverse = eigen.vectors()
                        .mulRowVector(Nd4j.createFromArray(reciprocals))
                        .mmul(eigen.vectors().transpose());
                error = plusIdentity(matrix.mmul(inverse), -1).norm2Number().doubleValue();
                if (error < INVERSE_ERROR) {
                    return new DampedCovariance(matrix, inverse, damping);
                }
            }
        }
        throw new LowRankException("corda cannot invert the covariance of the inputs of layer " + layer + " (" + n
                + " x " + n + ", from " + rows + " rows): its eigenvalues go from " + eigen.values()[(int) n - 1]
                + " to " + eigen.values()[0] + " with a mean of " + mean
                + (mean > 0
                        ? ", and even damped by 1 it times its inverse is " + error + " off the identity. Scale the"
                                + " data, or choose another initialisation for this layer."
                        : ", so these inputs are all 0. Feed it inputs that vary, or choose another initialisation for"
                                + " this layer."));
    }

    private static INDArray plusIdentity(INDArray square, double factor) {
        for (long i = 0; i < square.size(0); i++) {
            square.putScalar(i, i, square.getDouble(i, i) + factor);
        }
        return square;
    }
}
