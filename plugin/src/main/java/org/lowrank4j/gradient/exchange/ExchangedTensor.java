package org.lowrank4j.gradient.exchange;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The place of one trained tensor in the vector of gradients that replicas exchange, as a matrix: a vector has one row, and
 * filters have a row for each output.
 *
 * @param name layer, slash, tensor
 * @param offset of its first entry in the vector
 * @param order in which its entries follow each other there, 'c' or 'f'
 * @param rank that the rule gives a weight that trains itself; 1 for a tensor of an adapter
 * @param statistic whether it is no gradient but what a running statistic of the layer moves by
 */
public record ExchangedTensor(
        String name, long offset, char order, long rows, long columns, int rank, boolean statistic) {

    /** That of a tensor of some shape; otherwise as the record. */
    public static ExchangedTensor of(String name, long offset, char order, long[] shape, int rank, boolean statistic) {
        long length = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        long rows = shape.length < 2 ? 1 : shape[0];
        return new ExchangedTensor(name, offset, order, rows, length / rows, rank, statistic);
    }

    /** Whether it is more than a vector. */
    public boolean isMatrix() {
        return rows > 1 && columns > 1;
    }

    /** Number of entries. */
    public long length() {
        return rows * columns;
    }

    /** Its view of a vector of gradients, rows x columns. */
    public INDArray of(INDArray vector) {
        return vector.get(NDArrayIndex.interval(offset, offset + length())).reshape(order, rows, columns);
    }
}
