package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.MapSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

class MuonTest {

    /** Near 1 and never far above, whatever they were in the gradient. */
    @ParameterizedTest
    @CsvSource({"9,6,1", "6,9,1.2247448713915890", "7,7,1", "12,3,1", "3,12,2"})
    void theSingularValuesOfAStepAreNearItsSize(int inputs, int outputs, double size) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, 1, 1, Map.of());
        Problem.Run run = new Problem.Run(problem, muon(problem), new Sgd(1e-3));
        for (int i = 0; i < 5; i++) {
            double[] values = ThinSvd.of(run.step()[0].div(1e-3)).singularValues();
            assertTrue(values[0] <= 1.3 * size, "the largest is " + values[0]);
            assertTrue(values[values.length - 1] > 0.3 * size, "the smallest is " + values[values.length - 1]);
        }
    }

    @Test
    void ratesOfAdamMayBeUsed() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 1, 1, Map.of("muon.size", "adam"));
        Problem aspect = new Problem(DataType.DOUBLE, 9, 6, 1, 1, Map.of());
        INDArray step = new Problem.Run(problem, muon(problem), new Sgd(1)).step()[0];
        INDArray other = new Problem.Run(aspect, muon(aspect), new Sgd(1)).step()[0];
        assertTrue(step.sub(other.mul(0.2 * 3)).normmaxNumber().doubleValue() < 1e-14);
    }

    @Test
    void theScheduleOfTheUserHolds() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 1, 1, Map.of());
        MapSchedule schedule = new MapSchedule(ScheduleType.ITERATION, Map.of(0, 0.02, 1, 0.0));
        Problem.Run run = new Problem.Run(problem, muon(problem), new Sgd(schedule));
        run.step();
        INDArray before = problem.target.weight().dup();
        run.step();
        assertEquals(before, problem.target.weight(), "at rate 0");
    }

    @ParameterizedTest
    @CsvSource({"9,6", "6,9"})
    void trainingResumesBitForBitAndLearns(int inputs, int outputs) {
        Problem problem = new Problem(DataType.FLOAT, inputs, outputs, 1, 1, Map.of());
        double before = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, muon(problem), new Adam(0.02));
        for (int i = 0; i < 60; i++) {
            run.step();
        }
        run.assertResumes(6, MuonTest::muon);
        assertTrue(problem.loss(problem.target.weight()) < 0.5 * before);
    }

    @Test
    void onlyTheWholeWeightIsServed() {
        assertTrue(new Muon().refusal(new Lora()).isPresent());
    }

    private static TargetUpdate muon(Problem problem) {
        return new Muon().approximate(new FullWeight().attach(problem.target), problem.target);
    }
}
