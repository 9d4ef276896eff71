package org.lowrank4j.gradient;

import java.util.Random;
import java.util.stream.IntStream;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The subspace of rank r that one side of a gradient G is projected on, and products with it.
 *
 * <pre>
 * outputs projected:  R = G Q    nIn x r,   back(R) = R Q^T    Q: nOut x r
 * inputs projected:   R = P^T G  r x nOut,  back(R) = P R      P: nIn x r
 * </pre>
 */
final class Projector {

    private final boolean outputs;
    private final int rank;
    private final INDArray matrix;

    /** A projector of zeros, to be found or drawn. */
    Projector(TargetWeight target, Side side, Kept kept) {
        this.outputs = side.isOutputs(target.inputs(), target.outputs());
        this.rank = target.rank();
        matrix = kept.array("projector", 'f', outputs ? target.outputs() : target.inputs(), rank);
    }

    /** The live array, one column per dimension of the subspace. */
    INDArray matrix() {
        return matrix;
    }

    /** The shape of R for a weight. */
    static long[] projectedShape(TargetWeight target, Side side) {
        return side.isOutputs(target.inputs(), target.outputs())
                ? new long[] {target.inputs(), target.rank()}
                : new long[] {target.rank(), target.outputs()};
    }

    /** Takes the leading singular vectors of a matrix. Its entries must be finite. */
    void find(INDArray gradient) {
        // Work as large as W: in the updater's workspace it would stay that large for every later step.
        try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            ThinSvd svd = ThinSvd.of(gradient);
            int[] leading = IntStream.range(0, rank).toArray();
            matrix.assign(outputs ? svd.right(leading).transpose() : svd.left(leading));
        }
    }

    /** Draws every entry from a normal distribution of variance 1 / r. */
    void draw(Random random) {
        Draws.normal(matrix, 1 / Math.sqrt(rank), random);
    }

    /** R, as a new array. */
    INDArray project(INDArray gradient) {
        long[] shape = outputs ? new long[] {gradient.size(0), rank} : new long[] {rank, gradient.size(1)};
        INDArray projected = Nd4j.createUninitialized(matrix.dataType(), shape, 'f');
        addProjection(gradient, 1, projected, 0);
        return projected;
    }

    /** R of a gradient that is not formed. */
    void project(WeightGradient gradient, INDArray projected) {
        if (outputs) {
            gradient.times(matrix, 1, projected, 0);
        } else {
            gradient.transposeTimes(matrix, 1, projected, 0);
        }
    }

    /** projected = factor * projection of the matrix + keep * projected. */
    void addProjection(INDArray of, double factor, INDArray projected, double keep) {
        if (outputs) {
            Blas.gemm(of, matrix, projected, false, false, factor, keep);
        } else {
            Blas.gemm(matrix, of, projected, true, false, factor, keep);
        }
    }

    /** sum += factor * back(projected). */
    void addBack(INDArray projected, double factor, INDArray sum) {
        if (outputs) {
            Blas.gemm(projected, matrix, sum, false, true, factor, 1);
        } else {
            Blas.gemm(matrix, projected, sum, false, false, factor, 1);
        }
    }

    /** The lengths of the vectors of R, one for each index of the side that is not projected. */
    INDArray norms(INDArray projected) {
        return projected.norm2(outputs ? 1 : 0);
    }

    /** Multiplies what belongs to each index of the side that is not projected by its factor. */
    void scale(INDArray gradient, INDArray factors) {
        if (outputs) {
            gradient.muliColumnVector(factors.reshape(factors.length(), 1));
        } else {
            gradient.muliRowVector(factors.reshape(1, factors.length()));
        }
    }

    /**
     * Which side of a gradient nIn x nOut is projected. The published code names the sides of the transposed matrix; a
     * square gradient is projected on the same side here as there.
     */
    enum Side {
        /** The shorter one, so that R has the length of the longer; the inputs of a square weight. Published default. */
        SHORTER,
        /** The longer one; the outputs of a square weight. Published as {@code reverse_std}. */
        LONGER,
        /** The inputs: R = P^T G. */
        INPUTS,
        /** The outputs: R = G Q. */
        OUTPUTS;

        /** Whether the outputs of a weight of this size are projected. */
        boolean isOutputs(long inputs, long outputs) {
            return switch (this) {
                case SHORTER -> inputs > outputs;
                case LONGER -> inputs <= outputs;
                case INPUTS -> false;
                case OUTPUTS -> true;
            };
        }
    }
}
