package org.lowrank4j.initialisation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
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

class CordaTest {

    private static final double EXACT = 1e-10;
    private static final Map<String, String> PLAIN = Map.of("corda.normalise", "none");

    @Test
    void itIsRegisteredAndAsksForInputs() {
        Initialisation corda = ServiceLoader.load(Initialisation.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(candidate -> candidate.name().equals("corda"))
                .findFirst()
                .orElseThrow();
        assertEquals(Initialisation.Need.INPUTS, corda.need());
        assertEquals(8, corda.batches(new OptionValues(corda, Map.of())));
        assertEquals(2, corda.batches(new OptionValues(corda, Map.of("corda.batches", "2"))));
    }

    @ParameterizedTest
    @CsvSource({"ipm, 14, 9, 9, 1", "kpm, 6, 11, 6, 2.5", "ipm, 8, 8, 8, 0.5", "kpm, 1, 7, 1, 1", "ipm, 7, 1, 1, 2"})
    void atFullRankTheUpdateIsTheWholeWeight(String mode, int inputs, int outputs, int rank, double scale) {
        TargetWeight target = target(inputs, outputs, rank, scale, Map.of("corda.mode", mode));
        Factors factors = start(target, gaussian(40, inputs, 1));
        assertTrue(distance(target.weight(), product(factors, scale)) <= EXACT);
        assertNull(factors.base());
        assertNull(factors.core());
    }

    @ParameterizedTest
    @CsvSource({"14, 9, 4, 1", "6, 17, 2, 2.5", "10, 10, 7, 0.5"})
    void ipmAndKpmSplitTheWeightedWeight(int inputs, int outputs, int rank, double scale) {
        INDArray x = gaussian(50, inputs, 1).muliRowVector(Nd4j.linspace(0.1, 3, inputs, DataType.DOUBLE));
        int size = Math.min(inputs, outputs);
        INDArray damped = damped(secondMoment(x), 0.01);
        TargetWeight ipm = target(inputs, outputs, rank, scale, Map.of("corda.normalise", "none"));
        ThinSvd svd = ThinSvd.of(damped.mmul(ipm.weight()));
        INDArray first = product(start(ipm, x), scale);
        assertTrue(distance(svd.truncated(rank), damped.mmul(first)) <= EXACT * svd.singularValues()[0]);

        TargetWeight kpm =
                target(inputs, outputs, size - rank, scale, Map.of("corda.normalise", "none", "corda.mode", "kpm"));
        INDArray last = product(start(kpm, x), scale);
        assertTrue(distance(kpm.weight(), first.add(last)) <= EXACT, "the first r and the others make up W");
    }

    @Test
    void bothFactorsTakeTheRootOfTheSingularValues() {
        INDArray x = gaussian(50, 7, 1);
        TargetWeight target = target(7, 5, 3, 2, PLAIN);
        Factors factors = start(target, x);
        INDArray damped = damped(secondMoment(x), 0.01);
        double[] values = ThinSvd.of(damped.mmul(target.weight())).singularValues();
        INDArray expected = Nd4j.diag(Nd4j.createFromArray(values[0] / 2, values[1] / 2, values[2] / 2));
        INDArray weighted = damped.mmul(factors.a());
        assertTrue(distance(expected, factors.b().mmul(factors.b().transpose())) <= EXACT * values[0]);
        assertTrue(distance(expected, weighted.transpose().mmul(weighted)) <= EXACT * values[0]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ipm", "kpm"})
    void pairsBeyondTheRankOfTheWeightCanLearn(String mode) {
        // W has 2 triplets: ipm finds both and 2 pairs are left over, kpm finds none.
        TargetWeight target = target(10, 8, 4, 1, Map.of("corda.mode", mode));
        target.weight().assign(gaussian(10, 2, 1).mmul(gaussian(2, 8, 2)));
        Factors factors = start(target, gaussian(40, 10, 3));
        INDArray expected =
                mode.equals("ipm") ? target.weight() : target.weight().mul(0);
        assertTrue(distance(expected, product(factors, 1)) <= EXACT);
        double bound = Kaiming.bound(10);
        for (int i = mode.equals("ipm") ? 2 : 0; i < 4; i++) {
            assertEquals(0, factors.b().getRow(i).normmaxNumber().doubleValue());
            double largest = factors.a().getColumn(i).normmaxNumber().doubleValue();
            assertTrue(largest > bound / 10 && largest <= bound, "pair " + i + ": " + largest);
        }
    }

    @Test
    void inputsThatUseAllDirectionsAlikeGiveTheUnweightedSplit() {
        INDArray x = Nd4j.eye(9).castTo(DataType.DOUBLE);
        TargetWeight target = target(9, 6, 2, 1, Map.of());
        Factors factors = start(target, x);
        assertTrue(distance(ThinSvd.of(target.weight()).truncated(2), product(factors, 1)) <= EXACT);
    }

    @Test
    void trainingStartsAtTheNetworksOwnWeight() {
        TargetWeight target = target(12, 7, 3, 2, Map.of());
        INDArray before = target.weight().dup();
        TargetUpdate update = new Lora().attach(target);
        update.start(start(target, gaussian(40, 12, 1)));
        assertEquals(before, target.weight());
    }

    @Test
    void theCovarianceIsTheMeanOverMinibatches() {
        INDArray x = gaussian(30, 6, 1);
        Corda.InputCovariance seen = (Corda.InputCovariance) new Corda().statistics(target(6, 4, 2, 1, PLAIN));
        INDArray before = x.dup();
        for (int[] part : new int[][] {{20, 30}, {0, 5}, {5, 20}}) {
            seen.observe(x.get(NDArrayIndex.interval(part[0], part[1]), NDArrayIndex.all()));
        }
        assertEquals(30, seen.rows());
        assertTrue(distance(secondMoment(x).divi(3), seen.covariance()) <= EXACT, "in whatever order");
        assertEquals(before, x);
        Corda.InputCovariance single = (Corda.InputCovariance) new Corda().statistics(target(6, 4, 2, 1, PLAIN));
        single.observe(x.castTo(DataType.FLOAT));
        assertEquals(DataType.DOUBLE, single.covariance().dataType());
        assertTrue(distance(secondMoment(x), single.covariance()) <= 1e-4);
    }

    @Test
    void eachMinibatchIsDividedByItsLargestEntry() {
        Corda.InputCovariance seen = (Corda.InputCovariance) new Corda().statistics(target(2, 2, 1, 1, Map.of()));
        seen.observe(Nd4j.create(new double[][] {{2, -8}, {0, 4}}));
        // Nothing is above 0: the largest magnitude divides instead.
        seen.observe(Nd4j.create(new double[][] {{0, -5}, {-10, 0}}));
        seen.observe(Nd4j.zeros(DataType.DOUBLE, 3, 2));
        // ((4, -16; -16, 80) / 16 + (100, 0; 0, 25) / 100 + 0) / 3
        INDArray expected = Nd4j.create(new double[][] {{1.25, -1}, {-1, 5.25}}).divi(3);
        assertTrue(distance(expected, seen.covariance()) <= 1e-15);
        Corda.InputCovariance negative = (Corda.InputCovariance) new Corda().statistics(target(2, 2, 1, 1, Map.of()));
        negative.observe(Nd4j.create(new double[][] {{-2, -8}}));
        assertTrue(distance(Nd4j.create(new double[][] {{1, 4}, {4, 16}}), negative.covariance()) <= 1e-15);
    }

    @Test
    void sharedMemoryOfTheCallerIsNotKept() {
        INDArray x = gaussian(24, 6, 3);
        Corda.InputCovariance seen = (Corda.InputCovariance) new Corda().statistics(target(6, 4, 2, 1, PLAIN));
        WorkspaceConfiguration configuration =
                WorkspaceConfiguration.builder().initialSize(1 << 16).build();
        for (int first = 0; first < 24; first += 8) {
            try (MemoryWorkspace reused = Nd4j.getWorkspaceManager().getAndActivateWorkspace(configuration, "CORDA")) {
                INDArray batch = Nd4j.createUninitialized(DataType.DOUBLE, 8, 6);
                batch.assign(x.get(NDArrayIndex.interval(first, first + 8), NDArrayIndex.all()));
                seen.observe(batch);
                batch.assign(Double.NaN);
            }
        }
        assertTrue(distance(secondMoment(x).divi(3), seen.covariance()) <= EXACT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ipm", "kpm"})
    void inputsOfFewDirectionsAreDamped(String mode) {
        // 2 directions of 12: without damping C has no inverse.
        INDArray x = gaussian(40, 2, 1).mmul(gaussian(2, 12, 2));
        TargetWeight target = target(12, 8, 3, 1, Map.of("corda.mode", mode, "corda.normalise", "none"));
        Factors factors = start(target, x);
        INDArray damped = damped(secondMoment(x), 0.01);
        ThinSvd svd = ThinSvd.of(damped.mmul(target.weight()));
        INDArray all = damped.mmul(target.weight());
        INDArray expected = mode.equals("ipm") ? svd.truncated(3) : all.sub(svd.truncated(5));
        assertTrue(distance(expected, damped.mmul(product(factors, 1))) <= 1e-9 * svd.singularValues()[0]);
    }

    @Test
    void dampingDoublesUntilTheInverseIsGood() {
        INDArray x = gaussian(40, 2, 1).mmul(gaussian(2, 12, 2));
        INDArray covariance = secondMoment(x);
        Corda.DampedCovariance damped = Corda.DampedCovariance.of("layer0", covariance, 40, 1e-20);
        assertTrue(damped.damping() > 1e-17, "1e-20 drowns in rounding: " + damped.damping());
        assertTrue(damped.damping() < 1e-10, "and far less than 0.01 is enough: " + damped.damping());
        double doublings = Math.log(damped.damping() / 1e-20) / Math.log(2);
        assertEquals(Math.rint(doublings), doublings, 1e-9);
        INDArray identity = Nd4j.eye(12).castTo(DataType.DOUBLE);
        assertTrue(distance(identity, damped.matrix().mmul(damped.inverse())) < 0.05);
        assertTrue(distance(damped(covariance, damped.damping()), damped.matrix()) <= EXACT);

        Corda.DampedCovariance published = Corda.DampedCovariance.of("layer0", covariance, 40, 0.01);
        assertEquals(0.01, published.damping());
        assertTrue(distance(identity, published.matrix().mmul(published.inverse())) <= EXACT);
    }

    @Test
    void anInverseThatCannotBeIsExplained() {
        TargetWeight target = target(5, 4, 2, 1, PLAIN);
        LowRankException refused =
                assertThrows(LowRankException.class, () -> start(target, Nd4j.zeros(DataType.DOUBLE, 7, 5)));
        assertTrue(refused.getMessage().contains("layer layer0 (5 x 5, from 7 rows)"), refused.getMessage());
        assertTrue(refused.getMessage().contains("these inputs are all 0"), refused.getMessage());
        // The squares are subnormal numbers, whose reciprocals are infinite.
        refused = assertThrows(
                LowRankException.class, () -> start(target, gaussian(7, 5, 1).muli(1e-157)));
        assertTrue(refused.getMessage().contains("even damped by 1"), refused.getMessage());
    }

    @Test
    void noRowsAreExplained() {
        TargetWeight target = target(5, 4, 2, 1, Map.of());
        LowRankException refused =
                assertThrows(LowRankException.class, () -> start(target, Nd4j.create(DataType.FLOAT, 0, 5)));
        assertTrue(refused.getMessage().contains("inputs of layer layer0"), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
    void inputsThatAreNotFiniteAreRefused(double value) {
        INDArray x = gaussian(6, 5, 1);
        x.putScalar(2, 3, value);
        Corda.InputCovariance seen = (Corda.InputCovariance) new Corda().statistics(target(5, 4, 2, 1, Map.of()));
        seen.observe(gaussian(6, 5, 2));
        INDArray before = seen.covariance();
        LowRankException refused = assertThrows(LowRankException.class, () -> seen.observe(x));
        assertTrue(refused.getMessage().contains("layer layer0: minibatch 2"), refused.getMessage());
        assertEquals(before, seen.covariance());
    }

    @Test
    void aLayerTooWideIsRefused() {
        Corda.InputCovariance wide = new Corda.InputCovariance("wide", 50_000, Corda.InputCovariance.Normalisation.MAX);
        LowRankException refused =
                assertThrows(LowRankException.class, () -> wide.observe(Nd4j.ones(DataType.DOUBLE, 1, 50_000)));
        assertTrue(refused.getMessage().contains("nIn = 50000; the limit is 46340"), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"mode", "normalise", "damping"})
    void optionsOutsideTheirRangeAreRefused(String option) {
        TargetWeight target = target(6, 6, 2, 1, Map.of("corda." + option, "sideways"));
        LowRankException refused = assertThrows(LowRankException.class, () -> start(target, gaussian(20, 6, 1)));
        assertTrue(refused.getMessage().contains("corda." + option + "=sideways"), refused.getMessage());
    }

    @Test
    void floatsSplitInDouble() {
        INDArray weight = gaussian(9, 5, 77).castTo(DataType.FLOAT).dup('f');
        TargetWeight target = Given.target("layer0", weight, 5, 5, 1, 5, Map.of());
        Factors factors = start(target, gaussian(30, 9, 1).castTo(DataType.FLOAT));
        assertArrayEquals(new long[] {9, 5}, factors.a().shape());
        assertTrue(distance(weight.castTo(DataType.DOUBLE), product(factors, 1)) <= EXACT);
    }

    private static Factors start(TargetWeight target, INDArray x) {
        InputStatistics seen = new Corda().statistics(target);
        seen.observe(x);
        return new Corda()
                .start(new Start(
                        target.layer(),
                        target.weight(),
                        target.rank(),
                        target.alpha(),
                        target.scale(),
                        Double.NaN,
                        null,
                        seen,
                        target.random("start"),
                        target.optionsOf(new Corda())));
    }

    private static TargetWeight target(int inputs, int outputs, int rank, double scale, Map<String, String> options) {
        return Given.target("layer0", gaussian(inputs, outputs, 77).dup('f'), rank, rank * scale, scale, 5, options);
    }

    private static INDArray secondMoment(INDArray x) {
        return x.transpose().mmul(x);
    }

    private static INDArray damped(INDArray covariance, double damping) {
        double added = damping * Nd4j.diag(covariance).meanNumber().doubleValue();
        return covariance.add(
                Nd4j.eye(covariance.size(0)).castTo(DataType.DOUBLE).muli(added));
    }

    private static INDArray product(Factors factors, double scale) {
        return factors.a().mmul(factors.b()).muli(scale);
    }

    private static INDArray gaussian(int rows, int columns, long seed) {
        Random random = new Random(seed);
        return Draws.matrix(rows, columns, random::nextGaussian);
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
