package org.lowrank4j.blas;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class NativeMemoryTest {

    /** Long pieces and short ones, with gaps, within a longer array, and in no order of pieces at all. */
    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void copiesAreEntryByEntry(DataType type) {
        for (int side : new int[] {1, 3, 16}) {
            INDArray array = Nd4j.rand(type, 4, 5, side, side);
            INDArray[] views = {
                array,
                array.swapAxes(0, 1),
                array.permute(0, 2, 3, 1),
                array.get(NDArrayIndex.interval(1, 3)).swapAxes(0, 1),
                array.get(NDArrayIndex.all(), NDArrayIndex.interval(1, 4)),
                array.dup('f')
            };
            for (INDArray view : views) {
                INDArray copy = Nd4j.createUninitialized(type, view.shape(), 'c');
                NativeMemory.copy(view, copy);
                assertEquals(view, copy);
            }
        }
    }
}
