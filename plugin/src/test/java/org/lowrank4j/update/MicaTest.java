package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class MicaTest {

    @Test
    void writesOnlyWhereTheWeightSaysLeast() {
        for (int[] size : new int[][] {{9, 6, 2}, {4, 8, 3}, {5, 5, 5}}) {
            OwnUpdateChecks.Trained trained =
                    OwnUpdateChecks.assertTrains(new Mica(), size[0], size[1], size[2], Map.of());
            INDArray b = trained.value("B");
            assertTrue(b.mmul(b.transpose()).sub(Nd4j.eye(size[2])).amaxNumber().doubleValue() < 1e-12);
            assertEquals(1, trained.state().tensors().size());
            assertEquals(
                    (long) size[0] * size[2], trained.state().tensors().get(0).length());
        }
    }
}
