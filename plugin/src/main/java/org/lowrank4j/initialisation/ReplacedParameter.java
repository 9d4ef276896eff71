package org.lowrank4j.initialisation;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A parameter of the network that a start replaces as a whole.
 *
 * @param layer its layer
 * @param name DL4J's name of it, such as W or b
 * @param live the network's own array
 * @param value what it becomes, of the same shape and type
 */
public record ReplacedParameter(String layer, String name, INDArray live, INDArray value) {}
