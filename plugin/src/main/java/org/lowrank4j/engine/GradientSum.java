package org.lowrank4j.engine;

import org.lowrank4j.update.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** dL/dW of one target, summed over the rows of several minibatches. */
final class GradientSum {

    private final INDArray sum;
    private long rows;
    private boolean reached;

    GradientSum(TargetWeight target) {
        sum = Nd4j.create(target.dataType(), new long[] {target.inputs(), target.outputs()}, 'f');
    }

    /** Adds x^T delta; a minibatch that is not finite is left out, as the step on it would be. */
    void add(INDArray x, INDArray delta) {
        reached = true;
        if (isFinite(x) && isFinite(delta)) {
            Nd4j.gemm(x, delta, sum, true, false, 1.0, 1.0);
            rows += x.size(0);
        }
    }

    /** Whether any backward pass came through the layer. */
    boolean reached() {
        return reached;
    }

    /** Whether there is a mean to take. */
    boolean usable() {
        return rows > 0 && isFinite(sum);
    }

    /** The mean over the rows; the sum is used up. */
    INDArray mean() {
        return sum.divi(rows);
    }

    private static boolean isFinite(INDArray array) {
        return Double.isFinite(array.sumNumber().doubleValue());
    }
}
