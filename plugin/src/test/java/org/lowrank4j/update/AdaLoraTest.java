package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.SharedArrays;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;

class AdaLoraTest {

    private static Map<String, String> options(String... pairs) {
        Map<String, String> options = new HashMap<>(Map.of("adalora.total-steps", "40"));
        for (int i = 0; i < pairs.length; i += 2) {
            options.put("adalora." + pairs[i], pairs[i + 1]);
        }
        return options;
    }

    private static TargetUpdate started(Problem problem) {
        TargetUpdate update = new AdaLora().attach(problem.target);
        update.start();
        return update;
    }

    /** Two layers of one network. */
    private static final class Pair {

        final Problem[] problems = new Problem[2];
        final TargetUpdate[] updates = new TargetUpdate[2];
        final Problem.Run[] runs = new Problem.Run[2];

        Pair(DataType type, Map<String, String> options) {
            SharedArrays shared = Given.shared(7, 10, 10);
            for (int i = 0; i < 2; i++) {
                problems[i] = new Problem(type, 9 - i, 6 + i, 3, 1, options);
                TargetWeight own = problems[i].target;
                updates[i] = new AdaLora()
                        .attach(Given.target(
                                "layer" + i,
                                own.weight(),
                                own.rank(),
                                own.alpha(),
                                own.scale(),
                                7 + i,
                                options,
                                shared));
                updates[i].start();
                runs[i] = new Problem.Run(problems[i], updates[i], new Adam(0.05));
            }
        }

        void step() {
            runs[0].step();
            runs[1].step();
        }

        int[] ranks() {
            return new int[] {nonZeros(value(updates[0], 1)), nonZeros(value(updates[1], 1))};
        }

        int ranksTogether() {
            return ranks()[0] + ranks()[1];
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
    void theNetworkStartsUnchangedAndTheFirstStepMovesOnlyE() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 7, 4, 1, options("orthogonal-weight", "0"));
        INDArray before = problem.target.weight().dup();
        TargetUpdate update = started(problem);
        assertEquals(before, problem.target.weight());
        INDArray a = value(update, 0).dup();
        new Problem.Run(problem, update, new Sgd(0.01)).step();
        assertEquals(a, value(update, 0));
        assertTrue(value(update, 1).normmaxNumber().doubleValue() > 0);
        assertTrue(before.sub(problem.target.weight()).normmaxNumber().doubleValue() > 0);
    }

    @Test
    void theFactorsStartNormal() {
        Problem problem = new Problem(DataType.DOUBLE, 60, 50, 40, 1, options());
        TargetUpdate update = started(problem);
        for (int tensor : new int[] {0, 2}) {
            assertEquals(0.02, value(update, tensor).stdNumber().doubleValue(), 1e-3);
            assertEquals(0, value(update, tensor).meanNumber().doubleValue(), 2e-3);
        }
    }

    @Test
    void gradientsAreTheDerivativesOfTheLoss() {
        Problem problem = new Problem(
                DataType.DOUBLE,
                6,
                5,
                3,
                1.7,
                Map.of("adalora.total-steps", "1000000", "adalora.initial-steps", "900000"));
        TargetUpdate update = new AdaLora().attach(problem.target);
        Factors factors = problem.factors();
        Map<String, INDArray> state = new HashMap<>(update.kept().state());
        state.put("A", factors.a());
        state.put("B", factors.b());
        state.put("E", problem.gaussian(DataType.DOUBLE, 1, 3));
        update.kept().restore(state);
        GradientChecks.assertDerivatives(problem, update);
    }

    @Test
    void theOrthogonalityGradientIsTheDerivativeOfItsLoss() {
        Pair pair = new Pair(DataType.DOUBLE, options("orthogonal-weight", "0.8"));
        TargetUpdate update = pair.updates[0];
        INDArray[] gradients = pair.problems[0].views(update);
        for (INDArray gradient : gradients) {
            gradient.assign(0);
        }
        update.beforeUpdater(gradients, new INDArray[0]);
        for (int tensor : new int[] {0, 2}) {
            INDArray factor = value(update, tensor);
            for (int i = 0; i < factor.size(0); i++) {
                for (int j = 0; j < factor.size(1); j++) {
                    double here = factor.getDouble(i, j);
                    factor.putScalar(i, j, here + 1e-6);
                    double above = orthogonality(update);
                    factor.putScalar(i, j, here - 1e-6);
                    double below = orthogonality(update);
                    factor.putScalar(i, j, here);
                    // A mean over the four matrices of both layers.
                    assertEquals(0.8 * (above - below) / 2e-6 / 4, gradients[tensor].getDouble(i, j), 1e-8);
                }
            }
        }
        assertEquals(0, gradients[1].normmaxNumber().doubleValue());
    }

    private static double orthogonality(TargetUpdate update) {
        INDArray a = value(update, 0);
        INDArray b = value(update, 2);
        INDArray eye = Nd4j.eye(a.size(1)).castTo(DataType.DOUBLE);
        return a.transpose().mmul(a).sub(eye).norm2Number().doubleValue()
                + b.mmul(b.transpose()).sub(eye).norm2Number().doubleValue();
    }

    @Test
    void theWeightIsAlwaysTheBasePlusItsTriplets() {
        Pair pair = new Pair(DataType.DOUBLE, options("initial-steps", "5", "final-steps", "10", "interval", "3"));
        INDArray[] bases = {
            pair.problems[0].target.weight().dup(),
            pair.problems[1].target.weight().dup()
        };
        for (int t = 0; t < 50; t++) {
            pair.step();
            for (int i = 0; i < 2; i++) {
                TargetUpdate update = pair.updates[i];
                INDArray change = value(update, 0)
                        .mulRowVector(value(update, 1))
                        .mmul(value(update, 2))
                        .mul(3 / (3 + 1e-5));
                INDArray expected = bases[i].add(change);
                assertTrue(
                        expected.sub(pair.problems[i].target.weight())
                                        .normmaxNumber()
                                        .doubleValue()
                                <= 1e-12,
                        "layer " + i + " after step " + t);
            }
        }
    }

    @Test
    void theLayersShareTheirBudget() {
        Pair pair = new Pair(DataType.FLOAT, options("target-rank", "1", "final-steps", "10"));
        AdaLoraBudget.Schedule schedule = new AdaLoraBudget.Schedule(40, 0, 10, 1);
        for (int t = 1; t <= 60; t++) {
            pair.step();
            assertEquals(schedule.budget(t, 6, 2), pair.ranksTogether(), "after update " + t);
        }
        assertEquals(2, pair.ranksTogether());
    }

    @Test
    void theBudgetGoesToTheLayerThatMatters() {
        Pair pair = new Pair(DataType.DOUBLE, options("target-rank", "1", "final-steps", "10"));
        // What the second layer should learn is small.
        pair.problems[1].y.assign(
                pair.problems[1].x.mmul(pair.problems[1].target.weight()).add(1e-4));
        for (int t = 0; t < 40; t++) {
            pair.step();
        }
        assertArrayEquals(new int[] {2, 0}, pair.ranks());
    }

    @Test
    void aDroppedTripletMayComeBackUntilTheLastAllocation() {
        Pair pair = new Pair(DataType.DOUBLE, options("target-rank", "1", "final-steps", "10", "interval", "5"));
        for (int t = 0; t < 25; t++) {
            pair.step();
        }
        assertTrue(pair.ranksTogether() < 6, "an allocation has just dropped some");
        pair.step();
        assertEquals(6, pair.ranksTogether(), "E grows again between two allocations");
        for (int t = 26; t < 30; t++) {
            pair.step();
        }
        assertEquals(2, pair.ranksTogether());
        pair.step();
        assertEquals(2, pair.ranksTogether(), "and no more after the last");
    }

    @Test
    void aStepOfZerosLeavesEveryBit() {
        Pair pair = new Pair(DataType.FLOAT, options("initial-steps", "20"));
        for (int t = 0; t < 5; t++) {
            pair.step();
        }
        INDArray before = pair.problems[0].target.weight().dup();
        for (int i = 0; i < 2; i++) {
            INDArray[] zeros = pair.problems[i].views(pair.updates[i]);
            for (INDArray zero : zeros) {
                zero.assign(0);
            }
            pair.updates[i].step(zeros);
        }
        assertEquals(before, pair.problems[0].target.weight());
    }

    @Test
    void trainingResumesBitForBit() {
        Map<String, String> options = options("final-steps", "10", "interval", "4");
        Pair pair = new Pair(DataType.FLOAT, options);
        for (int t = 0; t < 17; t++) {
            pair.step();
        }
        Pair copy = new Pair(DataType.FLOAT, options);
        for (int i = 0; i < 2; i++) {
            copy.problems[i].target.weight().assign(pair.problems[i].target.weight());
            Map<String, INDArray> saved = new HashMap<>();
            pair.updates[i].kept().state().forEach((key, array) -> saved.put(key, array.dup()));
            copy.updates[i].kept().restore(saved);
            copy.runs[i] = pair.runs[i].continued(copy.problems[i], copy.updates[i]);
        }
        for (int t = 0; t < 30; t++) {
            pair.step();
            copy.step();
        }
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(
                    pair.problems[i].target.weight().dup('f').data().asFloat(),
                    copy.problems[i].target.weight().dup('f').data().asFloat());
            Map<String, INDArray> found = copy.updates[i].kept().state();
            pair.updates[i].kept().state().forEach((key, array) -> assertEquals(array, found.get(key), key));
        }
    }

    @Test
    void itLearns() {
        Problem problem = new Problem(
                DataType.FLOAT,
                9,
                7,
                6,
                1,
                Map.of(
                        "adalora.total-steps",
                        "300",
                        "adalora.final-steps",
                        "100",
                        "adalora.orthogonal-weight",
                        "0.01"));
        TargetUpdate update = started(problem);
        double before = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.05));
        for (int i = 0; i < 300; i++) {
            run.step();
        }
        assertTrue(problem.loss(problem.target.weight()) < 0.5 * before);
        assertEquals(4, nonZeros(value(update, 1)), "two thirds of the rank");
    }

    @Test
    void theBudgetFallsToItsTarget() {
        AdaLoraBudget.Schedule schedule = new AdaLoraBudget.Schedule(100, 10, 20, 7);
        assertEquals(36, schedule.budget(10, 36, 24));
        int last = 36;
        for (int t = 11; t < 80; t++) {
            assertTrue(schedule.budget(t, 36, 24) <= last);
            last = schedule.budget(t, 36, 24);
        }
        assertEquals(24, schedule.budget(80, 36, 24));
        assertEquals(24, schedule.budget(1000, 36, 24));
        assertFalse(schedule.allocates(7), "before the budget falls");
        assertTrue(schedule.allocates(14));
        assertFalse(schedule.allocates(15));
        assertTrue(schedule.allocates(80), "for the last time, whatever the interval");
        assertFalse(schedule.allocates(84));
    }

    @Test
    void aBudgetThatNeverFallsIsRefused() {
        LowRankException refused =
                assertThrows(LowRankException.class, () -> new AdaLoraBudget.Schedule(100, 60, 40, 1));
        assertTrue(refused.getMessage().contains("they leave none in which the ranks fall"), refused.getMessage());
    }

    @Test
    void thePlannedStepsMustBeGiven() {
        Problem problem = new Problem(DataType.FLOAT, 9, 7, 3, 1, Map.of());
        LowRankException refused = assertThrows(LowRankException.class, () -> new AdaLora().attach(problem.target));
        assertTrue(refused.getMessage().contains("adalora.total-steps"), refused.getMessage());
        assertTrue(refused.getMessage().contains("must be given"), refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource({
        "target-rank, 4, starts with rank 3",
        "target-rank, 0, above 0",
        "beta1, 1.2, from 0 to below 1",
        "beta2, 1, below 1",
        "orthogonal-weight, -1, at least 0.0",
        "interval, 0, above 0",
        "initial-steps, -3, 0 or more"
    })
    void badOptionsAreRefused(String option, String value, String message) {
        Problem problem = new Problem(DataType.FLOAT, 9, 7, 3, 1, options(option, value));
        LowRankException refused = assertThrows(LowRankException.class, () -> new AdaLora().attach(problem.target));
        assertTrue(
                refused.getMessage().contains("adalora." + option + "=" + value + " is refused"), refused.getMessage());
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
    }

    @Test
    void layersThatCountToDifferentEndsAreRefused() {
        SharedArrays shared = Given.shared(7, 10, 10);
        List<Problem> problems = List.of(
                new Problem(DataType.FLOAT, 9, 7, 3, 1, options()),
                new Problem(DataType.FLOAT, 9, 7, 3, 1, options("total-steps", "50")));
        new AdaLora().attach(with(shared, problems.get(0)));
        LowRankException refused =
                assertThrows(LowRankException.class, () -> new AdaLora().attach(with(shared, problems.get(1))));
        assertTrue(refused.getMessage().contains("share one budget"), refused.getMessage());
    }

    private static TargetWeight with(SharedArrays shared, Problem problem) {
        TargetWeight own = problem.target;
        return Given.target(
                own.layer(), own.weight(), own.rank(), own.alpha(), own.scale(), own.seed(), own.options(), shared);
    }

    private static INDArray value(TargetUpdate update, int tensor) {
        return update.tensors().get(tensor).value();
    }
}
