package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import org.nd4j.linalg.learning.config.Adam;

class OftTest {

    @ParameterizedTest
    @CsvSource({"8, 4, exact, no", "8, 4, 5, no", "9, 32, 7, no", "8, 2, exact, yes", "12, 3, 5, yes"})
    void trains(int inputs, String block, String terms, String share) {
        OwnUpdateChecks.assertTrains(
                new Oft(), inputs, 5, 1, Map.of("oft.block", block, "oft.terms", terms, "oft.share", share));
    }

    @Test
    void singularValuesStay() {
        Problem problem = new Problem(DataType.DOUBLE, 8, 6, 1, 1, Map.of("oft.block", "4", "oft.terms", "exact"));
        double[] before = ThinSvd.of(problem.target.weight()).singularValues();
        TargetUpdate update = new Oft().attach(problem.target);
        update.start();
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.1));
        for (int i = 0; i < 50; i++) {
            run.step(0);
        }
        assertTrue(update.tensors().get(0).value().amaxNumber().doubleValue() > 0.5, "far from I");
        assertArrayEquals(before, ThinSvd.of(problem.target.weight()).singularValues(), 1e-12);
    }

    @Test
    void constrainedItStaysNearWhereItStarted() {
        Problem problem = new Problem(
                DataType.DOUBLE, 8, 6, 1, 1, Map.of("oft.block", "4", "oft.constrained", "yes", "oft.radius", "0.01"));
        TargetUpdate update = new Oft().attach(problem.target);
        update.start();
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.1));
        run.step(0);
        run.step(0);
        for (int block = 0; block < 2; block++) {
            double norm =
                    update.tensors().get(0).value().getRow(block).norm2Number().doubleValue();
            assertEquals(0.01 / Math.sqrt(2), Math.sqrt(2) * norm, 1e-12);
        }
    }

    /** As PEFT does, and never to single inputs. */
    @ParameterizedTest
    @CsvSource({"12, 5, 4", "10, 32, 10", "14, 6, 7", "7, 3, 7", "9, 4, 3"})
    void aBlockThatDoesNotDivideBecomesTheNearest(int inputs, String asked, int side) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, 3, 1, 1, Map.of("oft.block", asked));
        TrainedTensor angles = new Oft().attach(problem.target).tensors().get(0);
        assertArrayEquals(new long[] {inputs / side, side * (side - 1) / 2}, angles.shape());
    }

    @ParameterizedTest
    @CsvSource({"1, 32, 5, cannot be rotated", "8, 4, few, one of exact", "8, 0, 5, oft.block=0"})
    void refusals(int inputs, String block, String terms, String part) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, 3, 1, 1, Map.of("oft.block", block, "oft.terms", terms));
        String message = assertThrows(LowRankException.class, () -> new Oft().attach(problem.target))
                .getMessage();
        assertTrue(message.contains(part), message);
    }
}
