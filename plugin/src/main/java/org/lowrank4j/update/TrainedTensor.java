package org.lowrank4j.update;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One small tensor that the user's updater trains in the place of W.
 *
 * @param name unique within the target and without an underscore, for example {@code A}
 * @param shape rank 2
 * @param order 'f' or 'c': the order of the tensor's gradient view and step
 * @param value the tensor itself, of that shape, on which the user's l1, l2 and weight decay act; W itself may be of the
 *     other order. Null where there is no such tensor (a projected gradient), see {@link TargetUpdate#regularise}
 * @param outputSide whether LoRA+ trains it at the raised rate
 */
public record TrainedTensor(
        String name, long[] shape, char order, @Nullable INDArray value, boolean outputSide) {

    /** Number of entries. */
    public long length() {
        return shape[0] * shape[1];
    }
}
