package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.api.buffer.DataType;

class KasaTest {

    @Test
    void trains() {
        OwnUpdateChecks.assertTrains(new Kasa(), 9, 6, 2, Map.of());
        OwnUpdateChecks.assertTrains(new Kasa(), 5, 8, 3, Map.of());
    }

    @Test
    void theSmallestTripletsGo() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 2, 1, Map.of());
        double[] before = ThinSvd.of(problem.target.weight()).singularValues();
        TargetUpdate update = new Kasa().attach(problem.target);
        assertTrue(update.startMovesWeight());
        update.start();
        double[] after = ThinSvd.of(problem.target.weight()).singularValues();
        for (int i = 0; i < 6; i++) {
            assertEquals(i < 4 ? before[i] : 0, after[i], 1e-12);
        }
    }

    @Test
    void atFullRankNothingIsLeft() {
        Problem problem = new Problem(DataType.FLOAT, 4, 6, 4, 1, Map.of());
        new Kasa().attach(problem.target).start();
        assertEquals(0, problem.target.weight().amaxNumber().doubleValue());
    }
}
