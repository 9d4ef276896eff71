package org.lowrank4j.method;

import org.nd4j.linalg.api.ndarray.INDArray;

/** A whole number among the saved state of a method. */
public final class KeptNumber {

    private final INDArray array;

    KeptNumber(INDArray array) {
        this.array = array;
    }

    // Through the buffer: an ND4J scalar access costs as much as an operation.

    /** Its value now. */
    public long get() {
        return array.data().getLong(0);
    }

    /** Changes it. */
    public void set(long value) {
        array.data().put(0, value);
    }

    /** Adds 1, and says what it is then. */
    public long increment() {
        long next = get() + 1;
        set(next);
        return next;
    }
}
