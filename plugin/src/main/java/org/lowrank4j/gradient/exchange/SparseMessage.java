package org.lowrank4j.gradient.exchange;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Some entries of a matrix; the others are 0.
 *
 * @param type of the matrix
 * @param shape of the matrix
 * @param positions in column-major order
 * @param values at these positions
 */
record SparseMessage(DataType type, long[] shape, int[] positions, double[] values) implements Message {

    /** A position and a value for each entry. */
    @Override
    public long bytes() {
        return (long) positions.length * (Integer.BYTES + type.width());
    }

    @Override
    public INDArray zeros() {
        return Nd4j.create(type, shape, 'f');
    }

    @Override
    public void addTo(INDArray sum) {
        INDArray flat = sum.reshape('f', new long[] {sum.length()});
        for (int i = 0; i < positions.length; i++) {
            flat.putScalar(positions[i], flat.getDouble(positions[i]) + values[i]);
        }
    }
}
