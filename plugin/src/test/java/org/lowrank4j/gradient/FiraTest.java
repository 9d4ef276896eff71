package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.AdaGrad;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.MapSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

class FiraTest {

    @ParameterizedTest
    @CsvSource({"9,6", "6,9", "7,7"})
    void atFullRankNothingIsLeftOutAndItIsGaLore(int inputs, int outputs) {
        int rank = Math.min(inputs, outputs);
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, 1, Map.of("fira.refresh", "3"));
        Problem other = new Problem(DataType.DOUBLE, inputs, outputs, rank, 1, Map.of("galore.refresh", "3"));
        Problem.Run run = new Problem.Run(problem, fira(problem), new Adam(0.05));
        Problem.Run galore = new Problem.Run(
                other, new GaLore().approximate(new FullWeight().attach(other.target), other.target), new Adam(0.05));
        for (int i = 0; i < 7; i++) {
            run.step();
            galore.step();
            assertTrue(distance(other.target.weight(), problem.target.weight()) <= 1e-12);
        }
    }

    /** SGD makes R longer by the same factor everywhere, so the residual is scaled as the rest. */
    @ParameterizedTest
    @CsvSource({"9,6", "6,9", "7,7", "5,1", "1,5"})
    void withSgdItIsSgdAtAnyRank(int inputs, int outputs) {
        int rank = Math.min(2, Math.min(inputs, outputs));
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, 1, Map.of("fira.scale", "1"));
        Problem stock = new Problem(DataType.DOUBLE, inputs, outputs, rank, 1, Map.of());
        Problem.Run run = new Problem.Run(problem, fira(problem), new Sgd(0.01));
        Problem.Run stockRun = new Problem.Run(stock, new FullWeight().attach(stock.target), new Sgd(0.01));
        for (int i = 0; i < 5; i++) {
            run.step();
            stockRun.step();
            assertTrue(distance(stock.target.weight(), problem.target.weight()) <= 1e-8);
        }
    }

    @Test
    void stepsBesideTheSubspaceGrowSlowly() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 2, 1, Map.of("fira.scale", "1"));
        TargetUpdate update = fira(problem);
        IUpdater updater = update.updater(update.tensors().get(0), new Sgd(1));
        INDArray first = residualOfStep(problem, update, updater, 1);
        INDArray second = residualOfStep(problem, update, updater, 50);
        assertEquals(
                1.01 * first.norm2Number().doubleValue(), second.norm2Number().doubleValue(), 1e-6, "limited growth");
    }

    /** What a step with a multiple of the same gradient does beside the subspace. */
    private static INDArray residualOfStep(Problem problem, TargetUpdate update, IUpdater updater, double times) {
        INDArray[] steps = problem.gradients(update);
        steps[0].muli(times);
        updater.instantiate((INDArray) null, false)
                .applyUpdater(steps[0].reshape('f', new long[] {steps[0].length()}), 0, 0);
        INDArray q = update.kept().state().get("fira.projector");
        return steps[0].sub(steps[0].mmul(q).mmul(q.transpose()));
    }

    @Test
    void theScheduleOfTheUserHolds() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 2, 1, Map.of("fira.scale", "1"));
        MapSchedule schedule = new MapSchedule(ScheduleType.ITERATION, Map.of(0, 0.01, 1, 0.005, 2, 0.0));
        Problem.Run run = new Problem.Run(problem, fira(problem), new Sgd(schedule));
        for (double rate : new double[] {0.01, 0.005}) {
            INDArray before = problem.target.weight().dup();
            INDArray gradient = problem.gradientOfWeight();
            run.step();
            assertTrue(distance(gradient.mul(rate), before.sub(problem.target.weight())) <= 1e-8);
        }
        INDArray before = problem.target.weight().dup();
        run.step();
        assertEquals(before, problem.target.weight(), "at rate 0");
    }

    @ParameterizedTest
    @CsvSource({"9,6", "6,9"})
    void trainingResumesBitForBit(int inputs, int outputs) {
        Map<String, String> options = Map.of("fira.refresh", "4");
        Problem problem = new Problem(DataType.FLOAT, inputs, outputs, 2, 1, options);
        TargetUpdate update = fira(problem);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        for (int i = 0; i < 6; i++) {
            run.step();
        }
        run.assertResumes(6, FiraTest::fira);
    }

    @Test
    void theUpdatersStateIsThatOfTheProjection() {
        Problem problem = new Problem(DataType.FLOAT, 9, 6, 2, 1, Map.of());
        TargetUpdate update = fira(problem);
        update.updater(update.tensors().get(0), new Adam());
        assertEquals(2 * 9 * 2, update.kept().state().get("fira.updater").length(), "both of Adam's moments, r x nIn");
        assertEquals(6 * 2, update.kept().state().get("fira.projector").length());
    }

    /** AdaGrad's state does not start at 0. */
    @Test
    void theUpdatersStateStartsAsItsKindDoes() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 2, 1, Map.of());
        TargetUpdate update = fira(problem);
        update.updater(update.tensors().get(0), new AdaGrad(0.1));
        assertTrue(update.kept().state().get("fira.updater").minNumber().doubleValue() > 0);
    }

    @Test
    void anotherKindOfUpdaterIsRefused() {
        Problem problem = new Problem(DataType.FLOAT, 9, 6, 2, 1, Map.of());
        TargetUpdate update = fira(problem);
        update.updater(update.tensors().get(0), new Adam());
        LowRankException refused = assertThrows(
                LowRankException.class, () -> update.updater(update.tensors().get(0), new AdaGrad()));
        assertTrue(refused.getMessage().contains("layer0"), refused.getMessage());
    }

    @Test
    void itLearns() {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of("fira.refresh", "10"));
        double before = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, fira(problem), new Adam(0.05));
        for (int i = 0; i < 200; i++) {
            run.step();
        }
        double after = problem.loss(problem.target.weight());
        assertTrue(after < 0.5 * before, "from " + before + " to " + after);
    }

    @Test
    void onlyTheWholeWeightIsServed() {
        assertTrue(new Fira().refusal(new Lora()).isPresent());
    }

    private static TargetUpdate fira(Problem problem) {
        return new Fira().approximate(new FullWeight().attach(problem.target), problem.target);
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
