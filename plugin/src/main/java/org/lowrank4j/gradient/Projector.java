package org.lowrank4j.gradient;

import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.lowrank4j.blas.Blas;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
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

    /**
     * Takes r singular vectors, drawn without replacement in proportion to their singular values (arXiv 2502.05790) and
     * kept in order. The entries of the matrix must be finite.
     */
    void sample(INDArray gradient, Random random) {
        try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            ThinSvd svd = ThinSvd.of(gradient);
            int[] drawn = drawn(svd.singularValues(), rank, random);
            matrix.assign(outputs ? svd.right(drawn).transpose() : svd.left(drawn));
        }
    }

    /**
     * Which are drawn, one after another, each in proportion to the weights of what is left: those of the smallest of
     * exponential times whose rates the weights are. Those of weight 0 come last.
     */
    static int[] drawn(double[] weights, int count, Random random) {
        double[] times = new double[weights.length];
        for (int i = 0; i < times.length; i++) {
            times[i] = -Math.log(1 - random.nextDouble()) / weights[i];
        }
        return IntStream.range(0, times.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> weights[i] == 0 ? Double.POSITIVE_INFINITY : times[i]))
                .limit(count)
                .mapToInt(Integer::intValue)
                .sorted()
                .toArray();
    }

    /** Draws an orthonormal basis, every one as likely as any other: Z (Z^T Z)^(-1/2) for normal Z (arXiv 2410.11289). */
    void drawOrthonormal(Random random) {
        try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            INDArray normal = Nd4j.create(DataType.DOUBLE, matrix.shape(), 'f');
            Draws.normal(normal, 1, random);
            matrix.assign(orthonormal(normal));
        }
    }

    static INDArray orthonormal(INDArray matrix) {
        ThinSvd svd = ThinSvd.of(matrix);
        return svd.u().mmul(svd.vt());
    }

    /**
     * Turns the basis S towards a gradient, along a geodesic of rank 1 (arXiv 2502.01586), on the input
     * side:
     *
     * <pre>
     * R = G - S S^T G,   -2 R G^T S = sigma u v^T + ...   the largest singular value
     * angle = rate sigma / ||G||^2                        at most the rate, whatever the size of the gradient
     * S = S + (S v (cos(angle) - 1) - u sin(angle)) v^T   orthonormal as it was
     * </pre>
     */
    void turn(INDArray gradient, double rate) {
        try (MemoryWorkspace outside = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
            INDArray g = outputs ? gradient.transpose() : gradient;
            INDArray within = matrix.transpose().mmul(g);
            INDArray residual = g.sub(matrix.mmul(within));
            ThinSvd tangent = ThinSvd.of(residual.mmul(within.transpose()).muli(-2));
            double length = gradient.norm2Number().doubleValue();
            double angle = length == 0 ? 0 : rate * tangent.singularValues()[0] / (length * length);
            INDArray v = tangent.right(0);
            INDArray along = matrix.castTo(DataType.DOUBLE).mmul(v.transpose());
            INDArray change =
                    along.muli(Math.cos(angle) - 1).subi(tangent.left(0).muli(Math.sin(angle)));
            matrix.addi(change.mmul(v).castTo(matrix.dataType()));
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
