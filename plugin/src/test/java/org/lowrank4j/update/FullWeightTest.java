package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Sgd;

class FullWeightTest {

    @Test
    void itIsOrdinaryTraining() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 4, 2, 1, Map.of());
        TargetUpdate update = new FullWeight().attach(problem.target);
        INDArray expected =
                problem.target.weight().sub(problem.gradientOfWeight().muli(0.01));
        new Problem.Run(problem, update, new Sgd(0.01)).step();
        assertTrue(expected.sub(problem.target.weight()).normmaxNumber().doubleValue() <= 1e-14);
    }

    @Test
    void itsTensorIsTheWeight() {
        Problem problem = new Problem(DataType.FLOAT, 6, 4, 2, 1, Map.of());
        TargetUpdate update = new FullWeight().attach(problem.target);
        assertSame(problem.target.weight(), update.tensors().get(0).value());
        assertEquals(24, update.tensors().get(0).length());
        assertTrue(update.kept().state().isEmpty());
        update.kept().restore(Map.of());
    }

    @Test
    void theStateOfAnotherMethodIsRefused() {
        Problem problem = new Problem(DataType.FLOAT, 6, 4, 2, 1, Map.of());
        TargetUpdate update = new FullWeight().attach(problem.target);
        Map<String, INDArray> foreign = Map.of("A", problem.x);
        assertThrows(LowRankException.class, () -> update.kept().restore(foreign));
    }
}
