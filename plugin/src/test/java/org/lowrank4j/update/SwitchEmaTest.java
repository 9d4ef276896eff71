package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;

class SwitchEmaTest {

    private static TargetUpdate started(Problem problem) {
        TargetUpdate update = new SwitchEma().attach(problem.target);
        update.start();
        return update;
    }

    private static INDArray average(TargetUpdate update) {
        return update.kept().state().get("average");
    }

    @Test
    void withoutMemoryItIsOrdinaryTraining() {
        Problem problem = new Problem(DataType.FLOAT, 6, 4, 2, 1, Map.of("switch-ema.mu", "0"));
        TargetUpdate update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        Problem full = new Problem(DataType.FLOAT, 6, 4, 2, 1, Map.of());
        Problem.Run runOfFull = new Problem.Run(full, new FullWeight().attach(full.target), new Adam(0.01));
        for (int t = 0; t < 10; t++) {
            run.step(t / 3);
            runOfFull.step();
            assertArrayEquals(
                    full.target.weight().dup('f').data().asFloat(),
                    problem.target.weight().dup('f').data().asFloat());
        }
    }

    @Test
    void theFirstStepOfEveryFurtherEpochStartsFromTheAverage() {
        Problem problem = new Problem(DataType.FLOAT, 6, 4, 2, 1, Map.of("switch-ema.mu", "0.8"));
        TargetUpdate update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0.01));
        for (int t = 0; t < 12; t++) {
            INDArray weight = problem.target.weight().dup();
            INDArray average = average(update).dup();
            update.beforeForward(100 + t, 5 + t / 4);
            if (t == 4 || t == 8) {
                assertEquals(average, problem.target.weight(), "step " + t);
                assertNotEquals(weight, average);
            } else {
                assertEquals(weight, problem.target.weight(), "step " + t);
            }
            run.step();
            // Whatever was switched, the average goes on from what it was.
            INDArray expected = average.mul(0.8).addi(problem.target.weight().mul(0.2));
            assertTrue(expected.sub(average(update)).normmaxNumber().doubleValue() <= 1e-6, "step " + t);
        }
    }

    @Test
    void whereAProgramWritesTheAverageIsWhatItWrote() {
        Problem problem = new Problem(DataType.FLOAT, 6, 4, 2, 1, Map.of("switch-ema.mu", "0.9999"));
        TargetUpdate update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0.01));
        for (int t = 0; t < 4; t++) {
            run.step(0);
        }
        INDArray weight = problem.target.weight();
        INDArray expected = average(update).dup();
        weight.putScalar(2, 1, 0.125);
        expected.putScalar(2, 1, 0.125);
        INDArray before = weight.dup();
        for (int i = 0; i < 2; i++) {
            update.beforeForward(4, 1);
            assertEquals(expected, weight, "a switch keeps what was written and averages the rest");
            update.abandon();
            assertEquals(before, weight);
            assertEquals(expected, average(update));
        }
    }

    /** Exactly, for any mu. */
    @Test
    void theAverageOfAWeightThatStaysIsThatWeight() {
        Problem problem = new Problem(DataType.FLOAT, 6, 4, 2, 1, Map.of("switch-ema.mu", "0.9999"));
        TargetUpdate update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0));
        for (int t = 0; t < 20; t++) {
            run.step(t / 5);
        }
        assertArrayEquals(
                problem.target.weight().dup('f').data().asFloat(),
                average(update).dup('f').data().asFloat());
    }

    @Test
    void aSwitchOfAStepThatIsLeftOutComesAgain() {
        Problem problem = new Problem(DataType.FLOAT, 6, 4, 2, 1, Map.of("switch-ema.mu", "0.8"));
        TargetUpdate update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0.01));
        for (int t = 0; t < 4; t++) {
            run.step(0);
        }
        INDArray weight = problem.target.weight().dup();
        INDArray average = average(update).dup();
        for (int i = 0; i < 2; i++) {
            update.beforeForward(4, 1);
            assertEquals(average, problem.target.weight());
            update.abandon();
            assertEquals(weight, problem.target.weight());
            assertEquals(average, average(update));
        }
        update.beforeForward(5, 1);
        assertEquals(average, problem.target.weight());
    }

    @Test
    void aSwitchByStepsLeavesTheAverageInPlace() {
        Problem problem =
                new Problem(DataType.FLOAT, 6, 4, 2, 1, Map.of("switch-ema.mu", "0.7", "switch-ema.switch", "3"));
        TargetUpdate update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Nesterovs(0.005, 0.9));
        for (int t = 1; t <= 9; t++) {
            run.step(t);
            assertEquals(t % 3 == 0, average(update).equals(problem.target.weight()), "after step " + t);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "none, 0, 0.8, 0.8, 0.8",
        "constant, 1, 0.4, 0.4, 0.8",
        "linear, 1, 0.4, 0.8, 0.8",
        "exp, 1, 0.4, 0.8, 0.8",
        "linear, 2, 0.4, 0.6, 0.8"
    })
    void muStartsAsTheWarmUpSays(String warmup, int steps, double first, double second, double third) {
        Map<String, String> options = Map.of(
                "switch-ema.mu",
                "0.8",
                "switch-ema.warmup",
                warmup,
                "switch-ema.warmup-steps",
                String.valueOf(steps),
                "switch-ema.warmup-ratio",
                "0.5");
        Problem problem = new Problem(DataType.DOUBLE, 6, 4, 2, 1, options);
        TargetUpdate update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0.01));
        for (double mu : new double[] {first, second, third}) {
            INDArray before = average(update).dup();
            run.step(0);
            INDArray expected = before.mul(mu).addi(problem.target.weight().mul(1 - mu));
            assertTrue(expected.sub(average(update)).normmaxNumber().doubleValue() <= 1e-14, "mu " + mu);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "linear, 0, 0.9, do not go together",
        "none, 5, 0.9, do not go together",
        "linear, 5, 1.5, at most 1",
        "linear, 5, 0, above 0",
        "cosine, 5, 0.9, 'one of none, constant, linear, exp'"
    })
    void aWarmUpThatCannotBeIsRefused(String warmup, String steps, String ratio, String why) {
        Map<String, String> options =
                Map.of("switch-ema.warmup", warmup, "switch-ema.warmup-steps", steps, "switch-ema.warmup-ratio", ratio);
        Problem problem = new Problem(DataType.FLOAT, 6, 4, 2, 1, options);
        LowRankException refused = assertThrows(LowRankException.class, () -> new SwitchEma().attach(problem.target));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }

    @Test
    void gradientsAreTheDerivativesOfTheLoss() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 5, 2, 1, Map.of());
        GradientChecks.assertDerivatives(problem, started(problem));
    }

    @Test
    void trainingResumesBitForBit() {
        Map<String, String> options = Map.of("switch-ema.mu", "0.9");
        Problem problem = new Problem(DataType.FLOAT, 9, 7, 2, 1, options);
        TargetUpdate update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        for (int t = 0; t < 8; t++) {
            run.step(t / 4);
        }
        Problem.Run resumed = run.resumed(copy -> new SwitchEma().attach(copy.target));
        // The next step is the first of an epoch: the switch must not be missed.
        for (int t = 8; t < 18; t++) {
            run.step(t / 4);
            resumed.step(t / 4);
        }
        run.assertSame(resumed);
    }

    @Test
    void itLearns() {
        Problem problem = new Problem(DataType.FLOAT, 9, 7, 2, 1, Map.of("switch-ema.mu", "0.9"));
        TargetUpdate update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.02));
        double before = problem.loss(problem.target.weight());
        for (int t = 0; t < 200; t++) {
            run.step(t / 40);
        }
        assertTrue(problem.loss(problem.target.weight()) < 0.3 * before);
    }

    @ParameterizedTest
    @CsvSource({
        "mu, 1, from 0 to below 1",
        "mu, -0.1, from 0 to below 1",
        "switch, often, above 0",
        "switch, 0, above 0"
    })
    void badOptionsAreRefused(String option, String value, String message) {
        Problem problem = new Problem(DataType.FLOAT, 9, 7, 2, 1, Map.of("switch-ema." + option, value));
        LowRankException refused = assertThrows(LowRankException.class, () -> new SwitchEma().attach(problem.target));
        assertTrue(
                refused.getMessage().contains("switch-ema." + option + "=" + value + " is refused"),
                refused.getMessage());
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
    }
}
