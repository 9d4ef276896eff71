package org.lowrank4j.initialisation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class EvaTest {

    private static final double EXACT = 1e-10;

    @Test
    void itIsRegisteredAndAsksForInputs() {
        Initialisation eva = ServiceLoader.load(Initialisation.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(candidate -> candidate.name().equals("eva"))
                .findFirst()
                .orElseThrow();
        assertEquals(Initialisation.Need.INPUTS, eva.need());
        assertEquals(8, eva.batches(new OptionValues(eva, Map.of())));
        assertEquals(3, eva.batches(new OptionValues(eva, Map.of("eva.batches", "3"))));
    }

    @ParameterizedTest
    @CsvSource({"20, 7, 3, 50", "6, 30, 5, 40", "8, 8, 8, 20", "1, 9, 1, 4", "9, 1, 1, 30"})
    void aHasThePrincipalComponentsOfTheInputs(int inputs, int outputs, int rank, int rows) {
        INDArray x = rows(rows, inputs, 1);
        INDArray before = x.dup();
        TargetWeight target = target(inputs, outputs, rank, Map.of());
        Factors factors = new Eva().start(start(target, seen(target, x), rank));
        INDArray mean = x.mean(0).reshape(1, inputs);
        ThinSvd exact = ThinSvd.of(x.subRowVector(mean));
        int[] leading = IntStream.range(0, rank).toArray();
        assertTrue(distance(exact.right(leading).transpose(), factors.a()) <= 1e-8);
        assertOrthonormal(factors.a());
        assertArrayEquals(new long[] {rank, outputs}, factors.b().shape());
        assertEquals(0, largest(factors.b()));
        assertNull(factors.base());
        assertNull(factors.core());
        assertEquals(before, x);
    }

    @Test
    void trainingStartsAtTheNetworksOwnWeight() {
        TargetWeight target = target(12, 7, 3, Map.of());
        INDArray before = target.weight().dup();
        TargetUpdate update = new Lora().attach(target);
        update.start(new Eva().start(start(target, seen(target, rows(40, 12, 1)), 3)));
        assertEquals(before, target.weight());
        assertOrthonormal(update.tensors().get(0).value().castTo(DataType.DOUBLE));
    }

    @Test
    void minibatchesSmallerThanTheComponentsAreCollected() {
        // rank 8 and rho 2 keep 16 components, and a minibatch has 5 rows.
        INDArray x = rows(43, 20, 2);
        TargetWeight target = target(20, 12, 8, Map.of());
        Eva.PrincipalInputs seen = (Eva.PrincipalInputs) new Eva().statistics(target);
        for (int first = 0; first < 43; first += 5) {
            seen.observe(x.get(NDArrayIndex.interval(first, Math.min(43, first + 5)), NDArrayIndex.all()));
        }
        assertEquals(43, seen.components().rows(), "the last rows count, too");
        assertEquals(16, seen.components().size());
        assertArrayEquals(x.mean(0).toDoubleVector(), seen.components().mean(), EXACT);
        Eva.PrincipalInputs collected = (Eva.PrincipalInputs) new Eva().statistics(target);
        for (int[] part : new int[][] {{0, 20}, {20, 40}, {40, 43}}) {
            collected.observe(x.get(NDArrayIndex.interval(part[0], part[1]), NDArrayIndex.all()));
        }
        assertEquals(
                collected.components().components(), seen.components().components(), "collected rows are one batch");
    }

    @ParameterizedTest
    @CsvSource({"3, 1.5, 4", "1, 2.5, 2", "5, 1.5, 8", "3, 1, 3", "7, 3, 12"})
    void rhoTimesTheRankIsRoundedAndLimitedByTheInputs(int rank, String rho, int components) {
        TargetWeight target = target(12, 9, rank, Map.of("eva.rho", rho));
        assertEquals(components, seen(target, rows(30, 12, 1)).components().size());
    }

    @Test
    void aMinibatchWhoseMemoryIsUsedAgainIsKept() {
        INDArray x = rows(24, 6, 3);
        TargetWeight target = target(6, 5, 3, Map.of());
        Eva.PrincipalInputs seen = (Eva.PrincipalInputs) new Eva().statistics(target);
        WorkspaceConfiguration configuration =
                WorkspaceConfiguration.builder().initialSize(1 << 16).build();
        for (int first = 0; first < 24; first += 4) {
            try (MemoryWorkspace reused = Nd4j.getWorkspaceManager().getAndActivateWorkspace(configuration, "EVA")) {
                INDArray batch = Nd4j.createUninitialized(DataType.DOUBLE, 4, 6);
                batch.assign(x.get(NDArrayIndex.interval(first, first + 4), NDArrayIndex.all()));
                seen.observe(batch);
                batch.assign(Double.NaN);
            }
        }
        assertArrayEquals(x.mean(0).toDoubleVector(), seen.components().mean(), EXACT);
    }

    @Test
    void tooFewRowsAreExplained() {
        TargetWeight target = target(20, 12, 8, Map.of("eva.batches", "2"));
        Eva.PrincipalInputs seen = (Eva.PrincipalInputs) new Eva().statistics(target);
        seen.observe(rows(8, 20, 1));
        seen.observe(rows(7, 20, 2));
        seen.observe(Nd4j.create(DataType.FLOAT, 0, 20));
        LowRankException refused =
                assertThrows(LowRankException.class, () -> new Eva().ranks(List.of(start(target, seen, 8))));
        for (String part : List.of(
                "at least 16 rows",
                "layer layer0",
                "15 came in 3 minibatches",
                "eva.batches=2",
                "lower rank (8)",
                "eva.rho (2.0)")) {
            assertTrue(refused.getMessage().contains(part), refused.getMessage());
        }
        seen.observe(rows(1, 20, 3));
        assertEquals(16, seen.components().size(), "one more row is enough");
    }

    @Test
    void inputsThatAreNotFiniteAreRefusedWithTheirLayer() {
        TargetWeight target = target(4, 3, 1, Map.of());
        INDArray x = rows(6, 4, 1);
        x.putScalar(3, 2, Double.NaN);
        LowRankException refused = assertThrows(LowRankException.class, () -> seen(target, x));
        assertTrue(refused.getMessage().contains("layer layer0"), refused.getMessage());
        assertTrue(refused.getMessage().contains("NaN at row 3, column 2"), refused.getMessage());
    }

    @Test
    void aLayerIsSettledWhenItsDirectionsStay() {
        INDArray x = rows(60, 5, 4);
        TargetWeight target = target(5, 5, 2, Map.of());
        Eva.PrincipalInputs seen = (Eva.PrincipalInputs) new Eva().statistics(target);
        assertFalse(seen.settled());
        seen.observe(x);
        assertFalse(seen.settled(), "there is nothing to compare with yet");
        seen.observe(x);
        assertTrue(seen.settled(), "the same rows again turn nothing");
        // A direction that outweighs all others.
        INDArray strange = Nd4j.zeros(DataType.DOUBLE, 30, 5);
        strange.putColumn(0, Nd4j.linspace(-1000, 1000, 30, DataType.DOUBLE));
        seen.observe(strange);
        assertFalse(seen.settled());
    }

    @Test
    void directionsWithoutVarianceNeedNotSettle() {
        // 2 directions, and 4 components of which 2 are arbitrary.
        INDArray plane = rows(2, 9, 1);
        TargetWeight target = target(9, 9, 2, Map.of());
        Eva.PrincipalInputs seen = (Eva.PrincipalInputs) new Eva().statistics(target);
        INDArray x = rows(30, 2, 2).mmul(plane);
        seen.observe(x);
        seen.observe(x);
        assertEquals(2, seen.components().varying());
        assertTrue(seen.settled());
    }

    @Test
    void tauDecidesWhatIsSettled() {
        INDArray first = rows(200, 3, 5);
        INDArray second = rows(200, 3, 6);
        for (String tau : List.of("0.5", "1")) {
            Eva.PrincipalInputs seen =
                    (Eva.PrincipalInputs) new Eva().statistics(target(3, 3, 1, Map.of("eva.tau", tau)));
            seen.observe(first);
            seen.observe(second);
            assertEquals(tau.equals("0.5"), seen.settled(), "tau " + tau);
        }
    }

    @Test
    void ranksGoWhereTheVarianceIs() {
        // One input with 2 equal directions, one with 8: the budget of 4 + 4 follows.
        TargetWeight narrow = target(10, 10, 4, Map.of());
        TargetWeight wide = target(10, 10, 4, Map.of());
        INDArray spread = Nd4j.zeros(DataType.DOUBLE, 10).addi(1e-3);
        List<Start> starts = List.of(
                start(
                        narrow,
                        seen(narrow, scaled(200, spread.dup().putScalar(0, 1).putScalar(1, 1))),
                        4),
                start(wide, seen(wide, scaled(200, Nd4j.ones(DataType.DOUBLE, 10))), 4));
        assertArrayEquals(new int[] {2, 6}, new Eva().ranks(starts));
    }

    @Test
    void aLayerGetsAtMostRhoTimesItsRank() {
        // One direction has all the variance of three layers; the fourth has eight, and may keep six of them.
        List<Start> starts = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            TargetWeight one = target(10, 10, 4, Map.of("eva.rho", "1.5"));
            INDArray x = Nd4j.zeros(DataType.DOUBLE, 30, 10);
            x.putColumn(i, rows(30, 1, i).getColumn(0));
            starts.add(start(one, seen(one, x), 4));
        }
        TargetWeight wide = target(10, 10, 4, Map.of("eva.rho", "1.5"));
        starts.add(start(wide, seen(wide, scaled(200, Nd4j.ones(DataType.DOUBLE, 10))), 4));
        int[] ranks = new Eva().ranks(starts);
        assertEquals(6, ranks[3]);
        assertEquals(16, Arrays.stream(ranks).sum());
        // What is left is shared out among the components that explain nothing, by their number.
        assertArrayEquals(new int[] {4, 3, 3, 6}, ranks);
    }

    @Test
    void ranksFitTheWeight() {
        TargetWeight flat = target(10, 3, 3, Map.of());
        TargetWeight other = target(10, 10, 2, Map.of());
        INDArray x = scaled(100, Nd4j.ones(DataType.DOUBLE, 10));
        INDArray line = Nd4j.zeros(DataType.DOUBLE, 100, 10);
        line.putColumn(4, rows(100, 1, 1).getColumn(0));
        int[] ranks = new Eva().ranks(List.of(start(flat, seen(flat, x), 3), start(other, seen(other, line), 2)));
        assertArrayEquals(new int[] {3, 2}, ranks, "6 components fit rho, and 3 fit 10 x 3");
    }

    @Test
    void aRankOfNothingIsPossible() {
        TargetWeight still = target(6, 6, 2, Map.of());
        TargetWeight moving = target(6, 6, 2, Map.of());
        List<Start> starts = List.of(
                start(still, seen(still, Nd4j.valueArrayOf(new long[] {20, 6}, 0.1, DataType.DOUBLE)), 2),
                start(moving, seen(moving, rows(50, 6, 1)), 2));
        assertArrayEquals(new int[] {0, 4}, new Eva().ranks(starts));
    }

    @Test
    void layersWithTheSameInputsShareEvenlyAndInOrder() {
        INDArray x = rows(50, 6, 1);
        TargetWeight first = target(6, 6, 3, Map.of());
        TargetWeight second = target(6, 4, 2, Map.of("eva.rho", "3"));
        TargetWeight third = target(6, 6, 2, Map.of());
        List<Start> starts = List.of(
                start(first, seen(first, x), 3), start(second, seen(second, x), 2), start(third, seen(third, x), 2));
        int[] ranks = new Eva().ranks(starts);
        assertArrayEquals(new int[] {3, 2, 2}, ranks);
        assertEquals(
                new Eva()
                        .start(start(second, starts.get(1).statistics(Eva.PrincipalInputs.class), 2))
                        .a(),
                new Eva()
                        .start(start(third, starts.get(2).statistics(Eva.PrincipalInputs.class), 2))
                        .a());
    }

    @Test
    void aSingleLayerKeepsItsRank() {
        TargetWeight target = target(6, 9, 2, Map.of());
        assertArrayEquals(new int[] {2}, new Eva().ranks(List.of(start(target, seen(target, rows(30, 6, 1)), 2))));
    }

    @Test
    void theBudgetEndsWithTheComponents() {
        assertArrayEquals(new int[] {2, 1}, Eva.ranks(new double[][] {{0.5, 0.5}, {1}}, 100));
        assertArrayEquals(new int[] {0, 1}, Eva.ranks(new double[][] {{0.5, 0.5}, {1}}, 1));
        assertArrayEquals(new int[] {1, 1}, Eva.ranks(new double[][] {{0.5, 0.5}, {1}}, 2));
        assertArrayEquals(
                new int[] {2, 1}, Eva.ranks(new double[][] {{0, 0}, {0, 0}}, 3), "ties by number, then by layer");
    }

    @Test
    void aRankFromTheRedistributionStarts() {
        TargetWeight target = target(10, 8, 3, Map.of());
        Eva.PrincipalInputs seen = seen(target, rows(60, 10, 1));
        for (int rank : new int[] {1, 3, 6}) {
            Factors factors = new Eva().start(start(target, seen, rank));
            assertArrayEquals(new long[] {10, rank}, factors.a().shape());
            assertArrayEquals(new long[] {rank, 8}, factors.b().shape());
            assertOrthonormal(factors.a());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void inputsOfFewDirectionsStillGiveOrthonormalColumns(int directions) {
        TargetWeight target = target(9, 7, 3, Map.of("eva.whiten", "true"));
        INDArray x = Nd4j.valueArrayOf(new long[] {30, 9}, 0.3, DataType.DOUBLE);
        if (directions > 0) {
            x.addi(rows(30, directions, 1).mmul(rows(directions, 9, 2)));
        }
        Eva.PrincipalInputs seen = seen(target, x);
        assertEquals(directions, seen.components().varying());
        INDArray a = new Eva().start(start(target, seen, 5)).a();
        INDArray expected = Nd4j.ones(DataType.DOUBLE, 5);
        for (int i = 0; i < directions; i++) {
            expected.putScalar(i, 1 / seen.components().singularValues()[i]);
        }
        // Whitened columns have the squared length 1 / sigma, and those without variance stay at unit length.
        assertTrue(distance(Nd4j.diag(expected), a.transpose().mmul(a)) <= EXACT);
    }

    @ParameterizedTest
    @CsvSource({"rho, 0.9, at least 1", "rho, much, at least 1", "tau, 1.01, 0.0 to 1.0", "tau, -1, 0.0 to 1.0"})
    void optionsOutsideTheirRangeAreRefused(String option, String value, String allowed) {
        TargetWeight target = target(6, 6, 2, Map.of("eva." + option, value));
        LowRankException refused = assertThrows(LowRankException.class, () -> new Eva().statistics(target));
        assertTrue(refused.getMessage().contains("eva." + option + "=" + value), refused.getMessage());
        assertTrue(refused.getMessage().contains(allowed), refused.getMessage());
    }

    private static Eva.PrincipalInputs seen(TargetWeight target, INDArray x) {
        Eva.PrincipalInputs seen = (Eva.PrincipalInputs) new Eva().statistics(target);
        seen.observe(x);
        return seen;
    }

    private static TargetWeight target(int inputs, int outputs, int rank, Map<String, String> options) {
        return Given.target("layer0", rows(inputs, outputs, 77).dup('f'), rank, rank, 1, 5, options);
    }

    private static Start start(TargetWeight target, Eva.PrincipalInputs seen, int rank) {
        return new Start(
                target.layer(),
                target.weight(),
                rank,
                target.alpha(),
                target.scale(),
                Double.NaN,
                null,
                seen,
                target.random("start"),
                target.optionsOf(new Eva()));
    }

    /** Independent normal features with these deviations. */
    private static INDArray scaled(int rows, INDArray deviations) {
        Random random = new Random(12);
        return Draws.matrix(rows, deviations.length(), random::nextGaussian).muliRowVector(deviations);
    }

    /** Rows whose features vary by different amounts around a mean that is not 0. */
    private static INDArray rows(int rows, int features, long seed) {
        Random random = new Random(seed);
        INDArray deviations = Nd4j.linspace(1, features, features, DataType.DOUBLE);
        return Draws.matrix(rows, features, random::nextGaussian)
                .muliRowVector(deviations)
                .addi(0.5);
    }

    private static void assertOrthonormal(INDArray columns) {
        assertTrue(distance(
                        Nd4j.eye(columns.size(1)).castTo(DataType.DOUBLE),
                        columns.transpose().mmul(columns))
                <= EXACT);
    }

    private static double distance(INDArray one, INDArray other) {
        return largest(one.sub(other));
    }

    private static double largest(INDArray array) {
        return array.normmaxNumber().doubleValue();
    }
}
