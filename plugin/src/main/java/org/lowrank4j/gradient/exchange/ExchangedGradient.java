package org.lowrank4j.gradient.exchange;

import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * What the vectors of gradients have in common that the replicas of a network exchange.
 *
 * @param type FLOAT or DOUBLE
 * @param tensors in the order of the vector, without gaps
 * @param replicas how many there are
 * @param seed for what the exchange draws
 */
public record ExchangedGradient(DataType type, List<ExchangedTensor> tensors, int replicas, long seed) {

    /** Number of entries. */
    public long length() {
        return tensors.stream().mapToLong(ExchangedTensor::length).sum();
    }

    /** Bytes of all entries. */
    public long bytes() {
        return length() * type.width();
    }
}
