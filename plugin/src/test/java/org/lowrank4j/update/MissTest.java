package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

class MissTest {

    @ParameterizedTest
    @CsvSource({"balance, 9, 6, 4", "balance, 6, 9, 6", "mini, 9, 6, 4", "bat, 9, 6, 3", "bat, 4, 8, 2"})
    void trains(String form, int inputs, int outputs, int rank) {
        OwnUpdateChecks.assertTrains(
                new Miss(),
                inputs,
                outputs,
                rank,
                Map.of("miss.form", form, "miss.mini", Integer.toString(outputs / 2)));
    }

    @Test
    void everyRowOfTheBlockComesAgain() {
        Problem problem = new Problem(DataType.DOUBLE, 11, 6, 4, 1, Map.of());
        INDArray before = problem.target.weight().dup();
        TargetUpdate update = new Miss().attach(problem.target);
        update.start();
        INDArray block = problem.gaussian(DataType.DOUBLE, 4, 6);
        update.step(new INDArray[] {block.neg()});
        INDArray change = problem.target.weight().sub(before);
        for (int i = 0; i < 11; i++) {
            assertTrue(change.getRow(i).sub(block.getRow(i % 4)).amaxNumber().doubleValue() < 1e-14);
        }
        double[] values = ThinSvd.of(change).singularValues();
        assertTrue(values[4] < 1e-12 * values[0], "rank 4");
        assertEquals(4 * 6, update.tensors().get(0).length());
    }

    @ParameterizedTest
    @CsvSource({"mini, 4, 6, miss.mini=4", "bat, 1, 9, 2 does not divide the 9 outputs"})
    void whatDoesNotDivideIsRefused(String form, String mini, int outputs, String part) {
        Problem problem = new Problem(DataType.DOUBLE, 8, outputs, 2, 1, Map.of("miss.form", form, "miss.mini", mini));
        String message = assertThrows(LowRankException.class, () -> new Miss().attach(problem.target))
                .getMessage();
        assertTrue(message.contains(part), message);
    }
}
