package org.lowrank4j.kind;

/** What becomes of the products of a kind's matrices: it decides how new ones may be drawn. */
public enum PreActivation {
    /** They are summed up, and the sum goes through the layer's activation function. */
    ACTIVATED,
    /** The same in as many blocks of columns as a unit has gates. */
    GATED,
    /** They are multiplied with each other. */
    MULTIPLIED,
    /** Its weights are no matrices of sums over many inputs. */
    OTHER
}
