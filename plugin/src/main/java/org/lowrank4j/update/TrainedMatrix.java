package org.lowrank4j.update;

import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.blas.Blas;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A matrix K of trained numbers, part of the change of a weight: itself, or a product L R of low rank. */
final class TrainedMatrix implements TrainedPart {

    private final int first;
    private final INDArray left;
    private final @Nullable INDArray right;

    private TrainedMatrix(int first, INDArray left, @Nullable INDArray right) {
        this.first = first;
        this.left = left;
        this.right = right;
    }

    /** K itself, rows x columns. */
    static TrainedMatrix whole(AttachedUpdate update, String name, boolean outputSide, long rows, long columns) {
        int first = update.tensors().size();
        return new TrainedMatrix(first, update.trained(name, 'c', outputSide, rows, columns), null);
    }

    /** K = L R, with L rows x rank and R rank x columns. */
    static TrainedMatrix product(AttachedUpdate update, String left, String right, long rows, long rank, long columns) {
        int first = update.tensors().size();
        return new TrainedMatrix(
                first, update.trained(left, 'f', false, rows, rank), update.trained(right, 'c', true, rank, columns));
    }

    /** L, or K itself. */
    INDArray left() {
        return left;
    }

    /** R, or K itself. */
    INDArray right() {
        return right == null ? left : right;
    }

    /** {@inheritDoc} Within 1 / sqrt(rows) for L and K itself, and 1 / sqrt(rank) for R. */
    @Override
    public void draw(Random random) {
        Uniform.fill(left, 1 / Math.sqrt(left.size(0)), random);
        if (right != null) {
            Uniform.fill(right, 1 / Math.sqrt(right.size(0)), random);
        }
    }

    @Override
    public void clear() {
        left.assign(0);
    }

    @Override
    public INDArray value(INDArray result) {
        if (right == null) {
            return left;
        }
        Blas.gemm(left, right, result, false, false, 1, 0);
        return result;
    }

    @Override
    public void gradient(INDArray ofMatrix, INDArray[] gradients) {
        if (right == null) {
            gradients[first].assign(ofMatrix);
        } else {
            Blas.gemm(ofMatrix, right, gradients[first], false, true, 1, 0);
            Blas.gemm(left, ofMatrix, gradients[first + 1], true, false, 1, 0);
        }
    }

    /** Moves its tensors; {@code steps} are those of all tensors of the update. */
    void move(INDArray[] steps) {
        left.subi(steps[first]);
        if (right != null) {
            right.subi(steps[first + 1]);
        }
    }

    /** {@inheritDoc} K - K' = dL R' + L dR. */
    @Override
    public void move(INDArray[] steps, INDArray fall) {
        if (right == null) {
            fall.assign(steps[first]);
            move(steps);
            return;
        }
        Blas.gemm(left, steps[first + 1], fall, false, false, 1, 0);
        move(steps);
        Blas.gemm(steps[first], right, fall, false, false, 1, 1);
    }
}
