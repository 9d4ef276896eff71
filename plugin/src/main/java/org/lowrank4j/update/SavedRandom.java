package org.lowrank4j.update;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A random generator whose whole state is one number that can be saved: SplitMix64. */
final class SavedRandom {

    private final INDArray state = Nd4j.create(DataType.LONG, 1);

    SavedRandom(long seed) {
        state.data().put(0, seed);
    }

    /** The live state, one whole number. */
    INDArray state() {
        return state;
    }

    /** Uniform in [0, 1). */
    double nextUniform() {
        long next = state.data().getLong(0) + 0x9E3779B97F4A7C15L;
        state.data().put(0, next);
        long mixed = (next ^ (next >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return ((mixed ^ (mixed >>> 31)) >>> 11) * 0x1.0p-53;
    }
}
