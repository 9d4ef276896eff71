package org.lowrank4j.compression;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.engine.BatchCopy;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The inputs of one calibration minibatch.
 *
 * @param inputs one array per input of the network, examples first
 * @param masks one per input, or null for none at all
 */
record Batch(INDArray[] inputs, INDArray @Nullable [] masks) {

    /** In memory of its own, for an iterator that uses its memory again. */
    static Batch copyOf(INDArray[] inputs, INDArray @Nullable [] masks) {
        return new Batch(Objects.requireNonNull(BatchCopy.of(inputs)), BatchCopy.of(masks));
    }
}
