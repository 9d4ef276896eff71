package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Sgd;

class FloraTest {

    /** The mean over many projectors is the matrix itself. */
    @ParameterizedTest
    @CsvSource({"9,6", "6,9"})
    void whatAProjectionStandsForIsUnbiased(int inputs, int outputs) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, 3, 1, Map.of());
        Projector projector = new Projector(problem.target, Projector.Side.SHORTER, problem.target.kept());
        INDArray gradient = problem.gradientOfWeight();
        INDArray mean = gradient.like();
        Random random = new Random(5);
        int draws = 20000;
        for (int i = 0; i < draws; i++) {
            projector.draw(random);
            projector.addBack(projector.project(gradient), 1.0 / draws, mean);
        }
        double error = mean.sub(gradient).norm2Number().doubleValue()
                / gradient.norm2Number().doubleValue();
        assertTrue(error < 4 * Math.sqrt(6.0 / 3 / draws), "relative error " + error);
    }

    @Test
    void withoutMomentumItIsAdafactorWithRatesInProportionToTheWeight() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 2, 1, Map.of("flora.momentum", "0"));
        Problem other = new Problem(DataType.DOUBLE, 9, 6, 2, 1, Map.of("adafactor.relative-step", "no"));
        TargetUpdate adafactor = new Adafactor().approximate(new FullWeight().attach(other.target), other.target);
        Problem.Run run = new Problem.Run(problem, flora(problem), new Sgd(0.05));
        for (int i = 0; i < 4; i++) {
            double size = problem.target.weight().norm2Number().doubleValue() / Math.sqrt(54);
            // The same state goes on with another rate.
            INDArray[] steps = other.gradients(adafactor);
            adafactor
                    .updater(adafactor.tensors().get(0), new Sgd(0.05 * size))
                    .instantiate((INDArray) null, false)
                    .applyUpdater(steps[0].reshape('f', new long[] {54}), i, 0);
            INDArray step = run.step()[0];
            assertTrue(step.sub(steps[0]).normmaxNumber().doubleValue() < 1e-14, "step " + i);
            adafactor.step(steps);
        }
    }

    @ParameterizedTest
    @CsvSource({"9,6", "6,9"})
    void trainingResumesBitForBitAndLearns(int inputs, int outputs) {
        Problem problem = new Problem(DataType.FLOAT, inputs, outputs, 3, 1, Map.of("flora.refresh", "4"));
        double before = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, flora(problem), new Sgd(0.05));
        for (int i = 0; i < 202; i++) {
            run.step();
        }
        run.assertResumes(6, FloraTest::flora);
        double after = problem.loss(problem.target.weight());
        assertTrue(after < 0.5 * before, "from " + before + " to " + after);
    }

    @Test
    void theProjectorIsDrawnEveryFewSteps() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 3, 1, Map.of("flora.refresh", "3"));
        TargetUpdate update = flora(problem);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0.01));
        for (int i = 1; i < 8; i++) {
            INDArray before = update.kept().state().get("flora.projector").dup();
            run.step();
            assertEquals(i % 3 != 0, before.equals(update.kept().state().get("flora.projector")), "step " + i);
        }
    }

    @Test
    void onlyTheWholeWeightIsServed() {
        assertTrue(new Flora().refusal(new Lora()).isPresent());
    }

    private static TargetUpdate flora(Problem problem) {
        return new Flora().approximate(new FullWeight().attach(problem.target), problem.target);
    }
}
