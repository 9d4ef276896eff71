package org.lowrank4j.gradient;

/**
 * Which side of a gradient nIn x nOut is projected. The published code names the sides of the transposed matrix; a
 * square gradient is projected on the same side here as there.
 */
enum ProjectedSide {
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
