package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;

class ApolloTest {

    /** With SGD every factor phi is 1. */
    @ParameterizedTest
    @CsvSource({"apollo,9,6", "apollo,6,9", "apollo,7,7", "apollo,5,1", "apollo-mini,9,6", "apollo-mini,6,9"})
    void withSgdItIsSgd(String form, int inputs, int outputs) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, 1, 1, Map.of(form + ".scale", "4"));
        Problem stock = new Problem(DataType.DOUBLE, inputs, outputs, 1, 1, Map.of());
        Problem.Run run = new Problem.Run(problem, update(form, problem), new Sgd(0.005));
        Problem.Run stockRun = new Problem.Run(stock, new FullWeight().attach(stock.target), new Sgd(0.01));
        for (int i = 0; i < 5; i++) {
            run.step();
            stockRun.step();
            assertTrue(distance(stock.target.weight(), problem.target.weight()) <= 1e-7);
        }
    }

    @ParameterizedTest
    @CsvSource({"9,6", "6,9", "7,7"})
    void everyChannelOfAStepIsAMultipleOfTheGradient(int inputs, int outputs) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, 2, 1, Map.of());
        INDArray gradient = problem.gradientOfWeight();
        INDArray step = new Problem.Run(problem, update("apollo", problem), new Adam(0.05)).step()[0];
        INDArray ratios = step.div(gradient);
        INDArray least = inputs > outputs ? ratios.min(1) : ratios.min(0);
        INDArray most = inputs > outputs ? ratios.max(1) : ratios.max(0);
        assertTrue(distance(least, most) <= 1e-12, "one factor for each index of the longer side");
        assertTrue(least.minNumber().doubleValue() > 0);
        assertNotEquals(
                least.minNumber().doubleValue(), least.maxNumber().doubleValue(), 1e-6, "not one for the whole tensor");
    }

    @Test
    void theSmallFormHasOneFactor() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 1, 1, Map.of());
        INDArray gradient = problem.gradientOfWeight();
        INDArray ratios =
                new Problem.Run(problem, update("apollo-mini", problem), new Adam(0.05)).step()[0].div(gradient);
        double factor = ratios.getDouble(0);
        assertTrue(factor > 0);
        assertTrue(ratios.sub(factor).normmaxNumber().doubleValue() <= 1e-12 * factor);
    }

    @Test
    void theProjectorIsDrawnAnewFromTheSeed() {
        Problem problem = new Problem(DataType.DOUBLE, 60, 50, 8, 1, Map.of("apollo.refresh", "3"));
        Problem again = new Problem(DataType.DOUBLE, 60, 50, 8, 1, Map.of("apollo.refresh", "3"));
        TargetUpdate update = update("apollo", problem);
        TargetUpdate same = update("apollo", again);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        Problem.Run sameRun = new Problem.Run(again, same, new Adam(0.01));
        INDArray previous = update.kept().state().get("apollo.projector").dup();
        for (int t = 0; t < 7; t++) {
            run.step();
            sameRun.step();
            INDArray projector = update.kept().state().get("apollo.projector").dup();
            assertEquals(t % 3 != 0, previous.equals(projector), "step " + t);
            assertEquals(projector, same.kept().state().get("apollo.projector"));
            previous = projector;
        }
        assertEquals(1.0 / 8, previous.mul(previous).meanNumber().doubleValue(), 0.03, "variance 1 / r");
    }

    @ParameterizedTest
    @CsvSource({"apollo", "apollo-mini"})
    void trainingResumesBitForBit(String form) {
        Map<String, String> options = Map.of(form + ".refresh", "4");
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 1, 1, options);
        TargetUpdate update = update(form, problem);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.001));
        for (int i = 0; i < 6; i++) {
            run.step();
        }
        run.assertResumes(6, copy -> update(form, copy));
    }

    @ParameterizedTest
    @CsvSource({"apollo,0.05", "apollo-mini,0.01"})
    void itLearns(String form, double rate) {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of());
        double before = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, update(form, problem), new Adam(rate));
        for (int i = 0; i < 200; i++) {
            run.step();
        }
        double after = problem.loss(problem.target.weight());
        assertTrue(after < 0.5 * before, "from " + before + " to " + after);
    }

    @Test
    void onlyTheWholeWeightIsServed() {
        assertTrue(new ApolloMini().refusal(new Lora()).isPresent());
    }

    private static TargetUpdate update(String form, Problem problem) {
        GradientApproximation apollo = form.equals("apollo") ? new Apollo() : new ApolloMini();
        assertEquals(form, apollo.name());
        return apollo.approximate(new FullWeight().attach(problem.target), problem.target);
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
