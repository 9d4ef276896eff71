package org.lowrank4j.reference;

import org.nd4j.linalg.api.buffer.DataType;

/**
 * Maps the reference cases of one method to the project's classes. A class of this package whose name ends in
 * "Reference" is found by itself, so a new method is one new file.
 */
public interface Reference {

    /** The method's name in the cases' files. */
    String method();

    /**
     * Computes what a case expects, through the classes that training uses.
     *
     * @param type the type of the weights, DOUBLE or FLOAT
     * @param outcome takes every expected entry, by its name, or the reason why there is none
     */
    void compute(ReferenceCase given, DataType type, Outcome outcome);

    /** Whether an entry whose signs are free has them per row; by default the nOut-side factors, named B. */
    default boolean hasSignsPerRow(String entry) {
        return entry.startsWith("B");
    }
}
