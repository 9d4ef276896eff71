package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.EnergyTruncation;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.SharedArrays;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;

class MaestroTest {

    private static Map<String, String> options(String lasso, String threshold, String shrink) {
        return Map.of("maestro.lasso", lasso, "maestro.threshold", threshold, "maestro.shrink", shrink);
    }

    private static Maestro.Target started(Problem problem) {
        TargetUpdate update = new Maestro().attach(problem.target);
        update.start();
        return (Maestro.Target) update;
    }

    private static INDArray a(TargetUpdate update) {
        return update.kept().state().get("A");
    }

    private static INDArray b(TargetUpdate update) {
        return update.kept().state().get("B");
    }

    private static long rank(TargetUpdate update) {
        return update.kept().state().get("rank").getLong(0);
    }

    private static INDArray product(TargetUpdate update, int width) {
        return a(update)
                .get(NDArrayIndex.all(), NDArrayIndex.interval(0, width))
                .mmul(b(update).get(NDArrayIndex.interval(0, width), NDArrayIndex.all()));
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }

    /** Two layers of one network. */
    private static final class Pair {

        final Problem[] problems = new Problem[2];
        final Maestro.Target[] updates = new Maestro.Target[2];
        final Problem.Run[] runs = new Problem.Run[2];

        Pair(DataType type, Map<String, String> options) {
            SharedArrays shared = Given.shared(7, 10, 10);
            for (int i = 0; i < 2; i++) {
                problems[i] = new Problem(type, 5 + i, 3 + i, 1, 1, options);
                TargetWeight own = problems[i].target;
                TargetWeight target = Given.target("layer" + i, own.weight(), 1, 1, 1, 7 + i, options, shared);
                updates[i] = (Maestro.Target) new Maestro().attach(target);
                updates[i].start();
                runs[i] = new Problem.Run(problems[i], updates[i], new Nesterovs(0.005, 0.9));
            }
        }

        /** All layers begin before any of them goes on, as in a network. */
        void begin(int epoch) {
            updates[0].beforeForward(0, epoch);
            updates[1].beforeForward(0, epoch);
        }

        void step(int epoch) {
            begin(epoch);
            runs[0].step();
            runs[1].step();
        }

        int[] widths() {
            int[] widths = new int[2];
            for (int i = 0; i < 2; i++) {
                int full = (int) rank(updates[i]);
                for (int width = full; width > 0; width--) {
                    if (distance(product(updates[i], width), problems[i].target.weight()) <= 1e-12) {
                        widths[i] = width;
                    }
                }
            }
            return widths;
        }
    }

    @ParameterizedTest
    @CsvSource({"9,6", "6,9", "5,5", "6,1", "1,6"})
    void theFactorsStartAsTheDecompositionOfTheWeight(int inputs, int outputs) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, 1, 1, Map.of());
        INDArray before = problem.target.weight().dup();
        Maestro.Target update = started(problem);
        assertTrue(distance(before, problem.target.weight()) <= 1e-13);
        ThinSvd svd = ThinSvd.of(before);
        for (int width = 1; width <= Math.min(inputs, outputs); width++) {
            assertTrue(distance(svd.truncated(width), product(update, width)) <= 1e-13, "width " + width);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 5})
    void gradientsAreTheDerivativesAtTheWidthOfTheStep(int width) {
        Problem problem = new Problem(DataType.DOUBLE, 6, 5, 1, 1, options("0", "0", "epoch"));
        Maestro.Target update = started(problem);
        update.reduceTo(width);
        assertTrue(distance(product(update, width), problem.target.weight()) <= 1e-14);
        INDArray[] gradients = problem.gradients(update);
        double largest = 0;
        for (int tensor = 0; tensor < 2; tensor++) {
            INDArray factor = update.tensors().get(tensor).value();
            for (int i = 0; i < factor.size(0); i++) {
                for (int j = 0; j < factor.size(1); j++) {
                    double here = factor.getDouble(i, j);
                    factor.putScalar(i, j, here + 1e-5);
                    double above = problem.loss(product(update, width));
                    factor.putScalar(i, j, here - 1e-5);
                    double below = problem.loss(product(update, width));
                    factor.putScalar(i, j, here);
                    double expected = (above - below) / 2e-5;
                    assertEquals(expected, gradients[tensor].getDouble(i, j), 1e-6 * Math.max(1, Math.abs(expected)));
                    largest = Math.max(largest, Math.abs(expected));
                }
            }
        }
        assertTrue(largest > 0.1);
    }

    @Test
    void theLassoGradientIsTheDerivativeOfTheLasso() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 5, 1, 1, options("0.7", "0", "epoch"));
        Maestro.Target update = started(problem);
        INDArray[] gradients = problem.views(update);
        gradients[0].assign(0);
        gradients[1].assign(0);
        update.beforeUpdater(gradients, new INDArray[2]);
        for (int tensor = 0; tensor < 2; tensor++) {
            INDArray factor = update.tensors().get(tensor).value();
            for (int i = 0; i < factor.size(0); i++) {
                for (int j = 0; j < factor.size(1); j++) {
                    double here = factor.getDouble(i, j);
                    factor.putScalar(i, j, here + 1e-6);
                    double above = lasso(update);
                    factor.putScalar(i, j, here - 1e-6);
                    double below = lasso(update);
                    factor.putScalar(i, j, here);
                    assertEquals(0.7 * (above - below) / 2e-6, gradients[tensor].getDouble(i, j), 1e-7);
                }
            }
        }
    }

    /** Written out group by group, from the definition. */
    private static double lasso(Maestro.Target update) {
        double sum = 0;
        for (int i = 0; i < a(update).size(1); i++) {
            sum += a(update)
                    .get(NDArrayIndex.all(), NDArrayIndex.interval(i, a(update).size(1)))
                    .norm2Number()
                    .doubleValue();
            sum += b(update)
                    .get(NDArrayIndex.interval(i, b(update).size(0)), NDArrayIndex.all())
                    .norm2Number()
                    .doubleValue();
        }
        return sum;
    }

    @Test
    void theGroupsAreNestedAndTheirImportanceNeverRises() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 5, 1, 1, Map.of());
        Maestro.Target update = started(problem);
        TailNorms norms = TailNorms.of(a(update), b(update));
        assertEquals(lasso(update), Arrays.stream(norms.lasso()).sum(), 1e-12);
        for (int i = 1; i < 5; i++) {
            assertTrue(norms.importance()[i] <= norms.importance()[i - 1]);
        }
        TailNorms ofZeros = TailNorms.of(a(update).mul(0), b(update).mul(0));
        assertArrayEquals(
                new double[5], ofZeros.gradientOfA(), "a group of zeros has no gradient, not an infinite one");
    }

    @Test
    void everyPairOfLayerAndWidthHasOneTurnARound() {
        Pair pair = new Pair(DataType.DOUBLE, options("0", "0", "epoch"));
        List<String> rounds = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            List<String> turns = new ArrayList<>();
            for (int turn = 0; turn < 3 + 4; turn++) {
                pair.begin(0);
                int[] widths = pair.widths();
                turns.add(widths[0] + " " + widths[1]);
                pair.runs[0].step();
                pair.runs[1].step();
            }
            rounds.add(turns.toString());
            Collections.sort(turns);
            // The full width of either layer is both at full width.
            assertEquals(List.of("1 4", "2 4", "3 1", "3 2", "3 3", "3 4", "3 4"), turns, "round " + round);
        }
        assertEquals(3, rounds.stream().distinct().count(), "the order is random: " + rounds);
    }

    @Test
    void betweenStepsTheWeightIsThatOfAllComponents() {
        Pair pair = new Pair(DataType.DOUBLE, options("1e-3", "0", "epoch"));
        for (int t = 0; t < 20; t++) {
            pair.step(0);
            for (int i = 0; i < 2; i++) {
                assertTrue(distance(product(pair.updates[i], 3 + i), pair.problems[i].target.weight()) <= 1e-13);
            }
        }
    }

    @Test
    void aStepThatIsLeftOutLeavesEveryBitAndItsTurn() {
        Pair pair = new Pair(DataType.FLOAT, options("0", "100", "epoch"));
        for (int t = 0; t < 3; t++) {
            pair.step(0);
        }
        Map<String, INDArray> saved = new HashMap<>();
        INDArray[] weights = new INDArray[2];
        for (int i = 0; i < 2; i++) {
            weights[i] = pair.problems[i].target.weight().dup();
            int layer = i;
            pair.updates[i].kept().state().forEach((key, array) -> saved.put(layer + key, array.dup()));
        }
        INDArray[] reduced = new INDArray[2];
        // Epoch 1 shrinks every rank to 0, for nothing is as important as 100.
        for (int epoch : new int[] {0, 0, 1, 1}) {
            pair.begin(epoch);
            for (int i = 0; i < 2; i++) {
                INDArray now = pair.problems[i].target.weight().dup();
                if (epoch == 1) {
                    assertEquals(0, now.normmaxNumber().doubleValue());
                } else if (reduced[i] != null) {
                    assertEquals(reduced[i], now, "the same turn again");
                }
                reduced[i] = now;
            }
            for (int i = 0; i < 2; i++) {
                pair.updates[i].abandon();
                assertEquals(weights[i], pair.problems[i].target.weight());
                int layer = i;
                pair.updates[i]
                        .kept()
                        .state()
                        .forEach((key, array) -> assertEquals(saved.get(layer + key), array, key));
            }
        }
    }

    @Test
    void ranksShrinkWithTheEpochAndWhatVanishedStaysAway() {
        Pair pair = new Pair(DataType.DOUBLE, options("0", "1e-3", "epoch"));
        for (int t = 0; t < 7; t++) {
            pair.step(0);
        }
        assertArrayEquals(new long[] {3, 4}, new long[] {rank(pair.updates[0]), rank(pair.updates[1])});
        // Makes the last two components of the first layer and the last of the second unimportant.
        a(pair.updates[0]).getColumn(1).muli(1e-9);
        a(pair.updates[0]).getColumn(2).muli(1e-9);
        b(pair.updates[1]).getRow(3).muli(1e-9);
        a(pair.updates[1]).getColumn(3).muli(1e-9);
        for (int t = 0; t < 9; t++) {
            pair.step(1);
            assertArrayEquals(new long[] {1, 3}, new long[] {rank(pair.updates[0]), rank(pair.updates[1])});
            // The momentum of before would move them.
            assertEquals(0, a(pair.updates[0]).getColumn(1).normmaxNumber().doubleValue());
            assertEquals(0, b(pair.updates[0]).getRow(2).normmaxNumber().doubleValue());
            assertEquals(0, b(pair.updates[1]).getRow(3).normmaxNumber().doubleValue());
        }
        assertEquals(1, ranksOf(pair.problems[0].target.weight()));
        assertEquals(3, ranksOf(pair.problems[1].target.weight()));
    }

    private static int ranksOf(INDArray weight) {
        double[] values = ThinSvd.of(weight).singularValues();
        int rank = 0;
        while (rank < values.length && values[rank] > 1e-12 * values[0]) {
            rank++;
        }
        return rank;
    }

    @Test
    void ranksMayShrinkByStepsAndToNothing() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 5, 1, 1, options("0", "1000", "4"));
        Maestro.Target update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0.001));
        for (int t = 0; t < 4; t++) {
            run.step(0);
            assertEquals(5, rank(update));
        }
        for (int t = 0; t < 3; t++) {
            run.step(0);
            assertEquals(0, rank(update));
            assertEquals(0, problem.target.weight().normmaxNumber().doubleValue());
        }
    }

    @Test
    void theLassoTakesAwayWhatTheLossDoesNotNeed() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 7, 1, 1, options("0.02", "0.1", "50"));
        INDArray wanted = problem.gaussian(DataType.DOUBLE, 9, 2).mmul(problem.gaussian(DataType.DOUBLE, 2, 7));
        problem.y.assign(problem.x.mmul(wanted));
        Maestro.Target update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        double before = problem.loss(problem.target.weight());
        for (int t = 0; t < 3000; t++) {
            run.step(0);
        }
        assertEquals(2, rank(update));
        assertTrue(problem.loss(problem.target.weight()) < 0.01 * before);
    }

    /** The linear map on isotropic inputs: the first b components become the best weight of rank b, for every b. */
    @Test
    void everyWidthBecomesTheTruncatedDecomposition() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 6, 1, 1, options("0", "0", "epoch"));
        INDArray wanted = problem.gaussian(DataType.DOUBLE, 6, 6);
        Maestro.Target update = started(problem);
        INDArray identity = Nd4j.eye(6).castTo(DataType.DOUBLE);
        INDArray[] gradients = problem.views(update);
        int steps = 30_000;
        for (int t = 0; t < steps; t++) {
            update.beforeForward(t, 0);
            update.gradient(new OuterProduct(identity, problem.target.weight().sub(wanted)), gradients);
            double rate = 0.05 * Math.min(1, 2.0 * (steps - t) / steps);
            gradients[0].muli(rate);
            gradients[1].muli(rate);
            update.step(gradients);
        }
        ThinSvd svd = ThinSvd.of(wanted);
        for (int width = 1; width <= 6; width++) {
            double best = svd.truncated(width).sub(wanted).norm2Number().doubleValue();
            double found = product(update, width).sub(wanted).norm2Number().doubleValue();
            assertEquals(best, found, 5e-3 * wanted.norm2Number().doubleValue(), "width " + width);
            assertTrue(found >= best - 1e-9);
        }
    }

    @Test
    void trainingResumesBitForBit() {
        Map<String, String> options = options("1e-3", "0.3", "epoch");
        Pair pair = new Pair(DataType.FLOAT, options);
        for (int t = 0; t < 10; t++) {
            pair.step(t / 5);
        }
        Pair copy = new Pair(DataType.FLOAT, options);
        for (int i = 0; i < 2; i++) {
            copy.problems[i].target.weight().assign(pair.problems[i].target.weight());
            Map<String, INDArray> saved = new HashMap<>();
            pair.updates[i].kept().state().forEach((key, array) -> saved.put(key, array.dup()));
            copy.updates[i].kept().restore(saved);
            copy.runs[i] = pair.runs[i].continued(copy.problems[i], copy.updates[i]);
        }
        for (int t = 10; t < 30; t++) {
            pair.step(t / 5);
            copy.step(t / 5);
        }
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(
                    pair.problems[i].target.weight().dup('f').data().asFloat(),
                    copy.problems[i].target.weight().dup('f').data().asFloat());
            Map<String, INDArray> found = copy.updates[i].kept().state();
            pair.updates[i].kept().state().forEach((key, array) -> assertEquals(array, found.get(key), key));
        }
        assertNotEquals(0, rank(pair.updates[1]));
    }

    private static final Map<String, String> DISTILLED = Map.of(
            "maestro.lasso", "0", "maestro.threshold", "0", "maestro.shrink", "epoch", "maestro.loss", "distilled");

    /** Passes of a network that say at which widths its two layers stand. */
    private static final class Widths implements ExtraPasses.Passes {

        final List<String> calls = new ArrayList<>();
        private final Pair pair;
        private final INDArray answers = Nd4j.scalar(3.0);

        Widths(Pair pair) {
            this.pair = pair;
        }

        @Override
        public boolean gradients() {
            throw new AssertionError("no gradients are looked at");
        }

        @Override
        public INDArray[] gradientsOf(TargetUpdate target) {
            throw new AssertionError("no gradients are looked at");
        }

        @Override
        public INDArray[] outputs() {
            calls.add("answers at " + Arrays.toString(pair.widths()));
            return new INDArray[] {answers};
        }

        @Override
        public boolean addGradients(INDArray[] labels) {
            assertEquals(answers, labels[0]);
            calls.add(Arrays.toString(pair.widths()));
            if (calls.size() == 4) {
                throw new IllegalStateException("this pass fails");
            }
            return true;
        }
    }

    /** The answers are the full network's, one layer learns at the width of its turn, and the step is at full rank. */
    @Test
    void aDistilledStepHasAReducedPassBeforeTheFullOne() {
        Pair pair = new Pair(DataType.DOUBLE, DISTILLED);
        assertTrue(pair.updates[0].extraPasses() == pair.updates[1].extraPasses());
        Widths passes = new Widths(pair);
        pair.begin(0);
        pair.updates[0].extraPasses().run(passes);
        assertEquals("answers at [3, 4]", passes.calls.get(0));
        assertArrayEquals(new int[] {3, 4}, pair.widths());
        pair.updates[0].abandon();
        pair.updates[1].abandon();

        Pair partial = new Pair(DataType.DOUBLE, options("0", "0", "epoch"));
        partial.begin(0);
        assertEquals(Arrays.toString(partial.widths()), passes.calls.get(1), "the same turn");
        assertEquals(null, partial.updates[0].extraPasses());

        INDArray before = pair.problems[0].target.weight().dup();
        pair.begin(0);
        assertThrows(
                IllegalStateException.class, () -> pair.updates[0].extraPasses().run(passes));
        assertArrayEquals(new int[] {3, 4}, pair.widths());
        assertEquals(before, pair.problems[0].target.weight());
    }

    @ParameterizedTest
    @CsvSource({"loss, distilled", "shrink, 3"})
    void allLayersHaveOneLossAndShrinkTogether(String option, String value) {
        Map<String, String> options = Map.of("maestro." + option, value);
        SharedArrays shared = Given.shared(7, 10, 10);
        Problem problem = new Problem(DataType.DOUBLE, 5, 4, 1, 1, options);
        TargetWeight own = problem.target;
        new Maestro().attach(Given.target("layer0", own.weight(), 1, 1, 1, 7, options, shared));
        String message = assertThrows(
                        LowRankException.class,
                        () -> new Maestro().attach(Given.target("layer1", own.weight(), 1, 1, 1, 7, Map.of(), shared)))
                .getMessage();
        assertTrue(message.contains("maestro." + option) && message.contains("layer1"), message);
    }

    @Test
    void aWeightThatIsWrittenGetsNewFactorsAndItsWholeRank() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 5, 1, 1, options("0.5", "0.4", "1"));
        Maestro.Target update = started(problem);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0.01));
        INDArray written = problem.target.weight().dup();
        for (int i = 0; i < 30; i++) {
            run.step(0);
        }
        assertTrue(rank(update) < 5, "it has shrunk");
        problem.target.weight().assign(written);
        Maestro.Target restored = (Maestro.Target) new Maestro().attach(Problem.again(problem.target));
        restored.kept().restore(update.kept().state());
        for (Maestro.Target one : new Maestro.Target[] {update, restored}) {
            one.beforeForward(0, 0);
            one.abandon();
            assertTrue(distance(written, product(one, 5)) <= 1e-13);
            assertTrue(distance(written, problem.target.weight()) <= 1e-13);
            assertEquals(5, rank(one));
            problem.target.weight().assign(written);
        }
        INDArray factor = a(update).dup();
        update.beforeForward(0, 0);
        assertEquals(factor, a(update), "the same again is no other decomposition");
    }

    @Test
    void itTrainsMoreThanTheWeightHolds() {
        Problem problem = new Problem(DataType.FLOAT, 9, 6, 1, 1, Map.of());
        TargetUpdate update = new Maestro().attach(problem.target);
        assertEquals(
                6 * (9 + 6),
                update.tensors().stream().mapToLong(TrainedTensor::length).sum());
        assertEquals(
                6,
                new EnergyTruncation(ThinSvd.of(problem.target.weight()), 6)
                        .left()
                        .size(1));
    }

    @ParameterizedTest
    @CsvSource({
        "lasso, -1, at least 0.0",
        "threshold, x, at least 0.0",
        "shrink, never, above 0",
        "shrink, 0, above 0",
        "loss, both, 'partial, distilled'"
    })
    void badOptionsAreRefused(String option, String value, String message) {
        Problem problem = new Problem(DataType.FLOAT, 9, 7, 2, 1, Map.of("maestro." + option, value));
        LowRankException refused = assertThrows(LowRankException.class, () -> new Maestro().attach(problem.target));
        assertTrue(
                refused.getMessage().contains("maestro." + option + "=" + value + " is refused"), refused.getMessage());
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
    }
}
