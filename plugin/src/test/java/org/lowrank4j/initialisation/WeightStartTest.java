package org.lowrank4j.initialisation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

/** Starts that split W, and the one whose two factors are orthogonal to each other. */
class WeightStartTest {

    private static final double EXACT = 1e-12;

    static Stream<Arguments> weights() {
        return Stream.of(new Pissa(), new Milora(), new Olora(), new Orthogonal())
                .flatMap(initialisation -> Stream.of(
                        Arguments.of(initialisation, "tall", gaussian(14, 9), 4),
                        Arguments.of(initialisation, "wide", gaussian(6, 17), 2),
                        Arguments.of(initialisation, "full rank", gaussian(8, 8), 8),
                        Arguments.of(initialisation, "full rank, wide", gaussian(6, 9), 6),
                        Arguments.of(initialisation, "rank 2", gaussian(10, 2).mmul(gaussian(2, 12)), 4),
                        Arguments.of(initialisation, "zero", Nd4j.zeros(DataType.DOUBLE, 5, 7), 2),
                        Arguments.of(initialisation, "float", gaussian(9, 5).castTo(DataType.FLOAT), 2)));
    }

    static Stream<Arguments> vectors() {
        return Stream.of(new Pissa(), new Milora(), new Olora())
                .flatMap(initialisation -> Stream.of(
                        Arguments.of(initialisation, gaussian(1, 7)), Arguments.of(initialisation, gaussian(7, 1))));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("weights")
    void factorsFitAndLeaveTheWeightAlone(Initialisation initialisation, String name, INDArray weight, int rank) {
        INDArray before = weight.dup();
        Factors factors = initialisation.start(start(initialisation, weight, rank, 1, Map.of()));
        assertEquals(weight.size(0), factors.a().size(0));
        assertEquals(rank, factors.a().size(1));
        assertEquals(rank, factors.b().size(0));
        assertEquals(weight.size(1), factors.b().size(1));
        assertTrue(Double.isFinite(factors.a().sumNumber().doubleValue()));
        assertTrue(Double.isFinite(factors.b().sumNumber().doubleValue()));
        assertEquals(before, weight);
        assertNull(factors.base());
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void aWeightWithOneRowOrColumnIsItsOwnSplit(Initialisation initialisation, INDArray weight) {
        Factors factors = initialisation.start(start(initialisation, weight, 1, 1, Map.of()));
        assertTrue(distance(weight, factors.a().mmul(factors.b())) <= EXACT);
    }

    @ParameterizedTest
    @CsvSource({"14, 9, 4, 1", "6, 17, 2, 2.5", "8, 8, 8, 0.5"})
    void pissaTakesTheLargestTripletsAndMiloraTheSmallest(int inputs, int outputs, int rank, double scale) {
        INDArray weight = gaussian(inputs, outputs);
        ThinSvd svd = ThinSvd.of(weight);
        double[] values = svd.singularValues();
        Factors largest = new Pissa().start(start(new Pissa(), weight, rank, scale, Map.of()));
        assertTrue(distance(svd.truncated(rank), product(largest, scale)) <= EXACT);
        Factors smallest = new Milora().start(start(new Milora(), weight, rank, scale, Map.of()));
        assertTrue(distance(weight.sub(svd.truncated(values.length - rank)), product(smallest, scale)) <= EXACT);
        assertBalanced(Arrays.copyOf(values, rank), largest, scale);
        assertBalanced(Arrays.copyOfRange(values, values.length - rank, values.length), smallest, scale);
        if (rank < values.length) {
            double[] rest = ThinSvd.of(weight.sub(product(largest, scale))).singularValues();
            assertEquals(values[rank], rest[0], EXACT, "the largest singular value of the base is sigma_(r+1)");
        }
    }

    /** A^T A = B B^T = diag(S / s). */
    private static void assertBalanced(double[] values, Factors factors, double scale) {
        INDArray expected = Nd4j.diag(Nd4j.createFromArray(values).divi(scale));
        assertTrue(distance(expected, factors.a().transpose().mmul(factors.a())) <= EXACT);
        assertTrue(distance(expected, factors.b().mmul(factors.b().transpose())) <= EXACT);
    }

    @Test
    void theSplitOfADeficientWeightHasZerosBeyondItsRank() {
        INDArray weight = gaussian(10, 2).mmul(gaussian(2, 12));
        Factors pissa = new Pissa().start(start(new Pissa(), weight, 4, 1, Map.of()));
        assertTrue(distance(weight, product(pissa, 1)) <= EXACT);
        Factors milora = new Milora().start(start(new Milora(), weight, 4, 1, Map.of()));
        assertTrue(product(milora, 1).normmaxNumber().doubleValue() <= EXACT);
        Factors olora = new Olora().start(start(new Olora(), weight, 4, 1, Map.of()));
        assertTrue(distance(weight, product(olora, 1)) <= EXACT);
    }

    @ParameterizedTest
    @CsvSource({"1", "4", "16"})
    void theFastPissaIsExactForAWeightOfLowRank(String iterations) {
        INDArray weight = gaussian(40, 3).mmul(gaussian(3, 30));
        Map<String, String> options = Map.of("pissa.niter", iterations);
        Factors fast = new Pissa().start(start(new Pissa(), weight, 3, 1, options));
        assertTrue(distance(weight, product(fast, 1)) <= 1e-10);
    }

    @Test
    void theFastPissaIsRandomAndComesCloserWithMoreIterations() {
        INDArray weight = gaussian(60, 50);
        double best = weight.sub(ThinSvd.of(weight).truncated(5)).norm2Number().doubleValue();
        double few = error(weight, "1");
        double many = error(weight, "16");
        assertTrue(best < many && many < few, best + " < " + many + " < " + few);
        assertTrue(many < 1.01 * best, many + " against " + best);
    }

    private static double error(INDArray weight, String iterations) {
        Factors fast = new Pissa().start(start(new Pissa(), weight, 5, 1, Map.of("pissa.niter", iterations)));
        return weight.sub(product(fast, 1)).norm2Number().doubleValue();
    }

    @Test
    void pissaRefusesOtherIterations() {
        Start start = start(new Pissa(), gaussian(5, 4), 2, 1, Map.of("pissa.niter", "fast"));
        LowRankException refused = assertThrows(LowRankException.class, () -> new Pissa().start(start));
        assertTrue(refused.getMessage().contains("pissa.niter=fast is refused: exact for"), refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"14, 9, 4", "6, 17, 2", "8, 8, 8"})
    void oloraHasOrthonormalRowsAndProjectsTheWeightOnThem(int inputs, int outputs, int rank) {
        INDArray weight = gaussian(inputs, outputs);
        Factors factors = new Olora().start(start(new Olora(), weight, rank, 3, Map.of()));
        INDArray b = factors.b();
        INDArray identity = Nd4j.eye(rank).castTo(DataType.DOUBLE);
        assertTrue(distance(identity, b.mmul(b.transpose())) <= EXACT);
        assertTrue(distance(weight.mmul(b.transpose()).mmul(b), product(factors, 1)) <= EXACT);
        for (int i = 0; i < rank; i++) {
            assertTrue(factors.a().getDouble(i, i) > 0, "the sign of the diagonal is fixed");
            for (int j = i + 1; j < rank; j++) {
                assertEquals(0, factors.a().getDouble(i, j), EXACT, "lower trapezoidal");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"300, 200, 40", "6, 17, 2", "8, 8, 8"})
    void orthogonalFactorsHaveAProductOfZero(int inputs, int outputs, int rank) {
        INDArray weight = gaussian(inputs, outputs);
        Factors factors = new Orthogonal().start(start(new Orthogonal(), weight, rank, 1, Map.of()));
        double size = factors.a().norm2Number().doubleValue()
                * factors.b().norm2Number().doubleValue();
        assertTrue(product(factors, 1).normmaxNumber().doubleValue() <= 1e-14 * size);
        assertTrue(ThinSvd.of(factors.a()).singularValues()[rank / 2 - 1] > 1e-3);
        assertTrue(ThinSvd.of(factors.b()).singularValues()[rank / 2 - 1] > 1e-3);
    }

    @Test
    void orthogonalFactorsHaveTheirPublishedSize() {
        Factors factors = new Orthogonal().start(start(new Orthogonal(), gaussian(300, 200), 40, 1, Map.of()));
        // N1 has nIn x r/2 standard normal entries, and orthonormal rows keep the norm.
        double expected = Math.sqrt(300 * 20) / 10;
        assertEquals(expected, factors.a().norm2Number().doubleValue(), 0.03 * expected);
        assertEquals(Math.sqrt(200 * 20) / 10, factors.b().norm2Number().doubleValue(), 0.03 * expected);
    }

    @Test
    void orthogonalWantsAnEvenRank() {
        Start odd = start(new Orthogonal(), gaussian(5, 4), 3, 1, Map.of());
        LowRankException refused = assertThrows(LowRankException.class, () -> new Orthogonal().start(odd));
        assertTrue(refused.getMessage().contains("Use rank 2 or another"), refused.getMessage());
        Start one = start(new Orthogonal(), gaussian(5, 4), 1, 1, Map.of());
        refused = assertThrows(LowRankException.class, () -> new Orthogonal().start(one));
        assertTrue(refused.getMessage().endsWith("Use another initialisation."), refused.getMessage());
    }

    @ParameterizedTest
    @MethodSource("weights")
    void trainingFromTheSplitStartsAtTheNetworksOwnWeight(
            Initialisation initialisation, String name, INDArray weight, int rank) {
        Problem problem = new Problem(DataType.DOUBLE, (int) weight.size(0), (int) weight.size(1), rank, 1, Map.of());
        problem.target.weight().assign(weight);
        TargetUpdate update = new Lora().attach(problem.target);
        update.start(initialisation.start(start(initialisation, problem.target.weight(), rank, 1, Map.of())));
        INDArray before = problem.target.weight().dup();
        INDArray base = before.sub(
                update.tensors().get(0).value().mmul(update.tensors().get(1).value()));
        assertTrue(distance(weight.castTo(DataType.DOUBLE), before) == 0);
        new Problem.Run(problem, update, new Sgd(1e-3)).step();
        INDArray held = base.add(
                update.tensors().get(0).value().mmul(update.tensors().get(1).value()));
        assertTrue(distance(held, problem.target.weight()) <= EXACT);
    }

    private static INDArray product(Factors factors, double scale) {
        return factors.a().mmul(factors.b()).muli(scale);
    }

    private static Start start(
            Initialisation initialisation, INDArray weight, int rank, double scale, Map<String, String> options) {
        return Given.start(
                weight, rank, rank * scale, scale, null, new Random(5), new OptionValues(initialisation, options));
    }

    private static INDArray gaussian(int rows, int columns) {
        Random random = new Random(31L * rows + columns);
        return Draws.matrix(rows, columns, random::nextGaussian);
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
