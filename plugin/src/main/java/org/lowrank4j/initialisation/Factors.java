package org.lowrank4j.initialisation;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The two factors of a low-rank update s A B.
 *
 * @param a nIn x r, the input side
 * @param b r x nOut, the output side
 */
public record Factors(INDArray a, INDArray b) {}
