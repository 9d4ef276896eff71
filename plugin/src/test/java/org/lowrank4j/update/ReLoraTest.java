package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.initialisation.Kaiming;
import org.lowrank4j.method.Factors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.AdaDelta;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;

class ReLoraTest {

    private static final Map<String, String> OFTEN = Map.of(
            "relora.total-steps", "60",
            "relora.restart", "10",
            "relora.first-warmup", "4",
            "relora.restart-warmup", "2");

    private static Problem problem(DataType type, int rank) {
        return new Problem(type, 9, 7, rank, 1, OFTEN);
    }

    private static TargetUpdate started(Problem problem) {
        TargetUpdate update = new ReLora().attach(problem.target);
        Factors factors = problem.factors();
        update.start(new Factors(factors.a(), factors.b().mul(0)));
        return update;
    }

    @Test
    void aRestartLeavesTheWeightAsItIs() {
        Problem problem = problem(DataType.FLOAT, 2);
        TargetUpdate update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0.01));
        for (int i = 0; i < 9; i++) {
            run.step();
        }
        // The tenth step without a change of the factors: what is left of it is the restart.
        INDArray weight = problem.target.weight().dup();
        INDArray a = value(update, 0).dup();
        INDArray b = value(update, 1).dup();
        assertTrue(b.normmaxNumber().doubleValue() > 0);
        INDArray[] zeros = problem.views(update);
        zeros[0].assign(0);
        zeros[1].assign(0);
        update.step(zeros);
        assertEquals(weight, problem.target.weight());
        assertEquals(0, value(update, 1).normmaxNumber().doubleValue());
        assertNotEquals(a, value(update, 0));
        double bound = Kaiming.bound(9);
        double largest = value(update, 0).normmaxNumber().doubleValue();
        assertTrue(largest <= bound && largest > 0.7 * bound, largest + " within " + bound);
    }

    @Test
    void everyRestartDrawsOtherFactors() {
        Problem problem = problem(DataType.DOUBLE, 2);
        TargetUpdate update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0.01));
        INDArray[] drawn = new INDArray[2];
        for (int i = 0; i < 2; i++) {
            for (int t = 0; t < 10; t++) {
                run.step();
            }
            drawn[i] = value(update, 0).dup();
        }
        assertTrue(drawn[0].sub(drawn[1]).normmaxNumber().doubleValue() > 0.1);
    }

    @Test
    void theRankOfTheChangeGrowsWithEveryRestart() {
        Problem problem = problem(DataType.DOUBLE, 2);
        INDArray before = problem.target.weight().dup();
        TargetUpdate update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        for (int restarts = 0; restarts < 3; restarts++) {
            for (int t = 0; t < 10; t++) {
                run.step();
            }
            double[] values = ThinSvd.of(problem.target.weight().sub(before)).singularValues();
            int rank = 0;
            while (rank < values.length && values[rank] > 1e-10) {
                rank++;
            }
            assertEquals(2 * (restarts + 1), rank, "after " + (restarts + 1) + " parts");
        }
    }

    @Test
    void theRateIsJagged() {
        Problem problem = problem(DataType.DOUBLE, 2);
        TargetUpdate update = started(problem);
        Adam users = new Adam(0.5);
        IUpdater jagged = update.updater(update.tensors().get(0), users);
        assertEquals(0.5, users.getLearningRate(0, 0), "the user's own updater stays as it is");
        assertEquals(0, jagged.getLearningRate(7, 0), "the network's iteration does not count");
        INDArray[] zeros = {
            value(update, 0).mul(0), value(update, 1).mul(0),
        };
        double[] rates = new double[20];
        for (int t = 0; t < rates.length; t++) {
            rates[t] = jagged.clone().getLearningRate(1000, 3);
            update.step(zeros);
        }
        assertEquals(0.25, rates[2], 1e-12);
        assertEquals(0.5, rates[4], 1e-12);
        double envelope = 0.1 + 0.9 * 0.5 * (1 + Math.cos(Math.PI * 8 / 56));
        assertArrayEquals(
                new double[] {0, 0.25 * envelope, 0.5 * envelope},
                new double[] {rates[10], rates[11], rates[12]},
                1e-12);
        users.setLearningRate(1);
        assertTrue(jagged.getLearningRate(0, 0) == 0, "20 steps: a restart");
        update.step(zeros);
        update.step(zeros);
        assertEquals(0.1 + 0.9 * 0.5 * (1 + Math.cos(Math.PI * 18 / 56)), jagged.getLearningRate(0, 0), 1e-12);
    }

    @Test
    void afterTheLastStepTheRateStaysLowAndNothingRestarts() {
        ReLora.Schedule schedule = new ReLora.Schedule(60, 10, 4, 2, 0.2);
        assertEquals(0.2, schedule.multiplier(60), 1e-12);
        assertEquals(0.2, schedule.multiplier(1_000_000), 1e-12);
        assertTrue(schedule.restartsAfter(50));
        assertFalse(schedule.restartsAfter(0));
        assertFalse(schedule.restartsAfter(51));
        assertFalse(schedule.restartsAfter(60));
        assertFalse(schedule.restartsAfter(70));
    }

    @Test
    void theFirstUpdateAfterARestartPrunesTheMomentsAndNoOtherDoes() {
        Problem problem = new Problem(
                DataType.FLOAT,
                9,
                7,
                2,
                1,
                Map.of(
                        "relora.total-steps",
                        "8",
                        "relora.restart",
                        "2",
                        "relora.first-warmup",
                        "0",
                        "relora.restart-warmup",
                        "0",
                        "relora.prune",
                        "0.75"));
        TargetUpdate update = started(problem);
        INDArray[] zeros = {value(update, 0).mul(0), value(update, 1).mul(0)};
        for (int t = 0; t < 8; t++) {
            INDArray[] states = {
                problem.gaussian(DataType.FLOAT, 1, 2 * 18), problem.gaussian(DataType.FLOAT, 1, 2 * 14),
            };
            INDArray m = states[0]
                    .get(NDArrayIndex.all(), NDArrayIndex.interval(0, 18))
                    .dup();
            update.beforeUpdater(zeros, states);
            boolean restarted = t == 2 || t == 4 || t == 6;
            assertEquals(restarted ? 10 : 36, nonZeros(states[0]), "A at step " + t);
            assertEquals(restarted ? 8 : 28, nonZeros(states[1]), "B at step " + t);
            double largest = m.normmaxNumber().doubleValue();
            assertEquals(
                    largest,
                    states[0]
                            .get(NDArrayIndex.all(), NDArrayIndex.interval(0, 18))
                            .normmaxNumber()
                            .doubleValue());
            update.step(zeros);
        }
    }

    private static int nonZeros(INDArray array) {
        int count = 0;
        for (double entry : array.dup().data().asDouble()) {
            count += entry == 0 ? 0 : 1;
        }
        return count;
    }

    @Test
    void aPruneOfOneClearsEverythingAndOneOfZeroNothing() {
        INDArray state = Nd4j.createFromArray(new float[][] {{1, -2, 3, -3}});
        ReLora.prune(state, 2, 0);
        assertEquals(4, nonZeros(state));
        ReLora.prune(state, 2, 1);
        assertEquals(0, nonZeros(state));
        ReLora.prune(Nd4j.empty(DataType.FLOAT), 2, 1);
    }

    @ParameterizedTest
    @CsvSource({"adam", "nesterovs", "sgd"})
    void trainingResumesBitForBit(String name) {
        IUpdater users = switch (name) {
            case "adam" -> new Adam(0.02);
            case "nesterovs" -> new Nesterovs(0.002, 0.9);
            default -> new Sgd(0.002);
        };
        Problem problem = problem(DataType.FLOAT, 3);
        TargetUpdate update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, users);
        for (int i = 0; i < 20; i++) {
            run.step();
        }
        // 20 steps end in a restart: the pruning is still to come.
        run.assertResumes(25, copy -> new ReLora().attach(copy.target));
    }

    @Test
    void itLearnsMoreThanOneSubspaceHolds() {
        Map<String, String> options = Map.of(
                "relora.total-steps", "400",
                "relora.restart", "50",
                "relora.first-warmup", "10",
                "relora.restart-warmup", "5");
        Problem problem = new Problem(DataType.DOUBLE, 9, 7, 1, 1, options);
        TargetUpdate update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.1));
        Problem plain = new Problem(DataType.DOUBLE, 9, 7, 1, 1, options);
        TargetUpdate lora = new Lora().attach(plain.target);
        Factors factors = plain.factors();
        lora.start(new Factors(factors.a(), factors.b().mul(0)));
        Problem.Run runOfLora = new Problem.Run(plain, lora, new Adam(0.1));
        for (int i = 0; i < 400; i++) {
            run.step();
            runOfLora.step();
        }
        double relora = problem.loss(problem.target.weight());
        double once = plain.loss(plain.target.weight());
        assertTrue(relora < 0.8 * once, "ReLoRA " + relora + ", LoRA of the same rank " + once);
    }

    @Test
    void gradientsAreThoseOfLora() {
        // The published schedule, whose first restart is thousands of steps away.
        Problem problem = new Problem(DataType.DOUBLE, 9, 7, 2, 1.5, Map.of());
        TargetUpdate update = new ReLora().attach(problem.target);
        update.start(problem.factors());
        GradientChecks.assertDerivatives(problem, update);
    }

    @ParameterizedTest
    @CsvSource({
        "100, 100, 0, 0, equal parts",
        "100, 200, 0, 0, equal parts",
        "100, 30, 0, 0, 'The nearest are 25, 20, 10'",
        "1, 1, 0, 0, 'A single step'",
        "100, 20, 21, 0, first-warmup=21",
        "100, 20, 0, 20, restart-warmup=20",
    })
    void aScheduleWithoutRestartsOrWithoutAnEndOfTheWarmUpIsRefused(
            int total, int restart, int first, int again, String message) {
        LowRankException refused =
                assertThrows(LowRankException.class, () -> new ReLora.Schedule(total, restart, first, again, 0.1));
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "relora.prune, 1.5",
        "relora.prune, x",
        "relora.min-rate, -0.1",
        "relora.first-warmup, -1",
        "relora.total-steps, 0"
    })
    void badOptionsAreRefused(String option, String value) {
        Map<String, String> options = new HashMap<>(OFTEN);
        options.put(option, value);
        Problem problem = new Problem(DataType.FLOAT, 9, 7, 2, 1, options);
        LowRankException refused = assertThrows(LowRankException.class, () -> new ReLora().attach(problem.target));
        assertTrue(refused.getMessage().contains(option + "=" + value + " is refused"), refused.getMessage());
    }

    @Test
    void anUpdaterWithoutARateIsRefused() {
        TargetUpdate update = started(problem(DataType.FLOAT, 2));
        LowRankException refused = assertThrows(
                LowRankException.class, () -> update.updater(update.tensors().get(0), new AdaDelta()));
        assertTrue(refused.getMessage().contains("AdaDelta of layer layer0 has none"), refused.getMessage());
    }

    private static INDArray value(TargetUpdate update, int tensor) {
        return update.tensors().get(tensor).value();
    }
}
