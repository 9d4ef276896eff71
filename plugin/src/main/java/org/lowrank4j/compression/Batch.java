package org.lowrank4j.compression;

import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The inputs of one calibration minibatch.
 *
 * @param inputs one array per input of the network, examples first
 * @param masks one per input, or null for none at all
 */
record Batch(INDArray[] inputs, INDArray @Nullable [] masks) {}
