package org.lowrank4j.gradient.exchange;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * All entries of an array.
 *
 * @param values not changed while the message is on its way
 */
record DenseMessage(INDArray values) implements Message {

    @Override
    public long bytes() {
        return values.length() * values.dataType().width();
    }

    @Override
    public INDArray zeros() {
        return values.like();
    }

    @Override
    public void addTo(INDArray sum) {
        sum.addi(values);
    }
}
