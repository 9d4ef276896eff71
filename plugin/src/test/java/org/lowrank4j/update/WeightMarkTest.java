package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.lowrank4j.method.Kept;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class WeightMarkTest {

    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void itSeesEveryBitOfTheWeightAndNothingBesideIt(DataType type) {
        INDArray parameters = Nd4j.arange(1, 31).castTo(type);
        INDArray weight = parameters.get(NDArrayIndex.interval(7, 27)).reshape('f', 4, 5);
        WeightMark mark = new WeightMark(weight, new Kept("the test", weight.dataType()), "mark");
        assertFalse(mark.written(), "never set");
        mark.set();
        assertFalse(mark.written());
        parameters.putScalar(6, 100);
        parameters.putScalar(27, 100);
        assertFalse(mark.written(), "beside the weight");
        for (int i = 7; i < 27; i++) {
            double value = parameters.getDouble(i);
            parameters.putScalar(i, type == DataType.FLOAT ? Math.nextUp((float) value) : Math.nextUp(value));
            assertTrue(mark.written(), "entry " + i);
            parameters.putScalar(i, value);
            assertFalse(mark.written(), "put back");
        }
        weight.negi();
        assertTrue(mark.written(), "another sign everywhere");
        mark.set();
        assertFalse(mark.written());
    }
}
