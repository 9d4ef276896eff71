package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;

class HiraTest {

    @Test
    void trains() {
        OwnUpdateChecks.assertTrains(new Hira(), 9, 6, 2, Map.of());
        OwnUpdateChecks.assertTrains(new Hira(), 5, 8, 3, Map.of());
    }

    @Test
    void zerosStayAndTheRestMovesByMoreThanTheRank() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 8, 1, 1, Map.of());
        problem.target.weight().getRow(3).assign(0);
        problem.target.weight().putScalar(5, 6, 0);
        INDArray before = problem.target.weight().dup();
        TargetUpdate update = new Hira().attach(problem.target);
        update.start();
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.05));
        for (int i = 0; i < 20; i++) {
            run.step(0);
        }
        INDArray weight = problem.target.weight();
        assertEquals(0, weight.getRow(3).amaxNumber().doubleValue());
        assertEquals(0, weight.getDouble(5, 6));
        double[] values = ThinSvd.of(weight.sub(before)).singularValues();
        assertTrue(values[6] > 1e-6 * values[0], "of a higher rank than 1");
    }
}
