package org.lowrank4j.compression;

/**
 * A layer with parameters before and after compression.
 *
 * @param name as rules name it
 * @param type of its configuration, with what it wraps
 * @param rank of the two layers that stand for it; 0 if it stays whole
 * @param whole why it stays whole, as a clause; empty if it does not
 * @param parametersBefore of the layer
 * @param parametersAfter of the layer or the two in its place
 * @param productsBefore multiplications by its matrix for an example; -1 where they are not known
 * @param productsAfter of the two in its place
 * @param weightError the norm of W - A B in parts of that of W, 0 to 1
 * @param outputError the norm of what the outputs before the activation lose, with the layer's inputs as they are in the
 *     whole network, in parts of that of the outputs; NaN without data
 */
public record CompressedLayer(
        String name,
        String type,
        int rank,
        String whole,
        long parametersBefore,
        long parametersAfter,
        long productsBefore,
        long productsAfter,
        double weightError,
        double outputError) {}
