package org.lowrank4j.initialisation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.LoraXs;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Starts that take the first step of training: LoRA-SB and LoRA-One. */
class GradientStartTest {

    private static final double EXACT = 1e-12;
    private static final double RATE = 0.003;
    private static final double GAMMA = 128;

    static Stream<Arguments> gradients() {
        INDArray deadUnits = gaussian(9, 7);
        deadUnits.getRow(2).assign(0);
        deadUnits.getColumn(5).assign(0);
        return Stream.of(
                Arguments.of("tall", gaussian(14, 9), 4, 1),
                Arguments.of("wide", gaussian(6, 17), 2, 2.5),
                Arguments.of("full rank", gaussian(8, 8), 8, 0.5),
                Arguments.of("full rank, wide", gaussian(6, 9), 6, 4),
                Arguments.of("one row", gaussian(1, 7), 1, 1),
                Arguments.of("one column", gaussian(7, 1), 1, 2),
                Arguments.of("rank 2", gaussian(10, 2).mmul(gaussian(2, 12)), 4, 1),
                Arguments.of("dead units", deadUnits, 3, 1),
                Arguments.of("float", gaussian(9, 5).castTo(DataType.FLOAT), 2, 1));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("gradients")
    void loraSbTakesTheBestPartOfASignStep(String name, INDArray gradient, int rank, double scale) {
        Start start = start(new LoraSb(), gradient, rank, scale, Map.of());
        INDArray weight = start.weight().dup();
        Factors factors = new LoraSb().start(start);
        INDArray identity = Nd4j.eye(rank).castTo(DataType.DOUBLE);
        assertTrue(distance(identity, factors.a().transpose().mmul(factors.a())) <= EXACT);
        assertTrue(distance(identity, factors.b().mmul(factors.b().transpose())) <= EXACT);
        ThinSvd svd = ThinSvd.of(signs(gradient).muli(-RATE));
        double[] values = Arrays.copyOf(svd.singularValues(), rank);
        INDArray diagonal = Nd4j.diag(Nd4j.createFromArray(values).divi(scale));
        assertTrue(distance(diagonal, factors.core()) <= EXACT);
        INDArray change = factors.a().mmul(factors.core()).mmul(factors.b()).muli(scale);
        assertTrue(change.normmaxNumber().doubleValue() > RATE / 100);
        assertTrue(isBestApproximation(change, signs(gradient).muli(-RATE), values));
        assertEquals(weight, factors.base(), "nothing is subtracted");
        assertEquals(weight, start.weight(), "the engine moves W, not the start");
    }

    /** No matrix of that rank is nearer; signs have equal singular values, so there may be others as near. */
    private static boolean isBestApproximation(INDArray change, INDArray step, double[] leading) {
        double squares = Arrays.stream(leading).map(value -> value * value).sum();
        double missed = step.sub(change).norm2Number().doubleValue();
        double best = Math.pow(step.norm2Number().doubleValue(), 2) - squares;
        return Math.abs(missed * missed - best) <= EXACT;
    }

    @Test
    void deadUnitsDoNotMove() {
        INDArray gradient = gaussian(9, 7);
        gradient.getRow(2).assign(0);
        gradient.getColumn(5).assign(0);
        Factors factors = new LoraSb().start(start(new LoraSb(), gradient, 3, 1, Map.of()));
        assertTrue(factors.a().getRow(2).normmaxNumber().doubleValue() <= EXACT);
        assertTrue(factors.b().getColumn(5).normmaxNumber().doubleValue() <= EXACT);
    }

    @Test
    void theRateOfLoraSbIsTheUpdatersUnlessItIsNamed() {
        INDArray gradient = gaussian(8, 6);
        Factors ofUpdater = new LoraSb().start(start(new LoraSb(), gradient, 3, 1, Map.of()));
        Factors named = new LoraSb().start(start(new LoraSb(), gradient, 3, 1, Map.of("lora-sb.rate", "0.006")));
        assertTrue(distance(ofUpdater.core().mul(2), named.core()) <= EXACT);
        assertEquals(ofUpdater.a(), named.a());

        Factors still = new LoraSb().start(start(new LoraSb(), gradient, 3, 1, Map.of("lora-sb.rate", "0")));
        assertEquals(0, still.core().normmaxNumber().doubleValue());
        assertEquals(ofUpdater.a(), still.a(), "the directions do not depend on the rate");
        assertEquals(ofUpdater.b(), still.b());
    }

    @Test
    void anUpdaterWithoutARateNeedsOneNamed() {
        LowRankException refused =
                assertThrows(LowRankException.class, () -> new LoraSb().start(withoutRate(Map.of())));
        assertTrue(refused.getMessage().contains("Set lora-sb.rate"), refused.getMessage());
        Factors named = new LoraSb().start(withoutRate(Map.of("lora-sb.rate", "0.5")));
        assertTrue(named.core().getDouble(0, 0) > 0.5);
    }

    private static Start withoutRate(Map<String, String> options) {
        INDArray gradient = gaussian(5, 4);
        return Given.start(gradient.dup(), 2, 2, 1, gradient, new Random(1), new OptionValues(new LoraSb(), options));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-0.1", "NaN", "Infinity", "fast"})
    void otherRatesAreRefused(String rate) {
        Start start = start(new LoraSb(), gaussian(5, 4), 2, 1, Map.of("lora-sb.rate", rate));
        LowRankException refused = assertThrows(LowRankException.class, () -> new LoraSb().start(start));
        assertTrue(
                refused.getMessage().contains("lora-sb.rate=" + rate + " is refused: the length of the first step"),
                refused.getMessage());
        assertTrue(refused.getMessage().endsWith("it must be a number of at least 0.0."), refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"6, 4, 2", "4, 4, 4", "1, 3, 1", "600, 550, 3"})
    void aGradientOfZeroLeavesLoraSbWithOrthonormalFactors(int inputs, int outputs, int rank) {
        INDArray zero = Nd4j.zeros(DataType.DOUBLE, inputs, outputs);
        Factors factors = new LoraSb().start(start(new LoraSb(), zero, rank, 1, Map.of()));
        INDArray identity = Nd4j.eye(rank).castTo(DataType.DOUBLE);
        assertTrue(distance(identity, factors.a().transpose().mmul(factors.a())) <= EXACT);
        assertTrue(distance(identity, factors.b().mmul(factors.b().transpose())) <= EXACT);
        assertEquals(0, factors.core().normmaxNumber().doubleValue());
    }

    @Test
    void aLargeSignStepIsDecomposedAtRandomAndYetExactlyWhereItsRankIsLow() {
        // Signs of an outer product have rank 1; two blocks of them, rank 2 with different singular values.
        INDArray gradient = Nd4j.zeros(DataType.DOUBLE, 600, 550);
        gradient.get(NDArrayIndex.interval(0, 400), NDArrayIndex.interval(0, 300))
                .assign(gaussian(400, 1).mmul(gaussian(1, 300)));
        gradient.get(NDArrayIndex.interval(400, 600), NDArrayIndex.interval(300, 550))
                .assign(gaussian(200, 1).mmul(gaussian(1, 250)));
        Factors factors = new LoraSb().start(start(new LoraSb(), gradient, 2, 1, Map.of()));
        INDArray change = factors.a().mmul(factors.core()).mmul(factors.b());
        assertTrue(distance(signs(gradient).muli(-RATE), change) <= EXACT);
    }

    @Test
    void trainingFromLoraSbGoesOnWithProjectedSteps() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 7, 3, 1, Map.of());
        INDArray before = problem.target.weight().dup();
        double lossBefore = problem.loss(before);
        TargetUpdate update = new LoraXs().attach(problem.target);
        Factors factors = problem.start(update, new LoraSb());
        INDArray taken = problem.target.weight().sub(before);
        assertTrue(distance(problem.update(factors), taken) <= EXACT);
        double lossAfter = problem.loss(problem.target.weight());
        assertTrue(lossAfter < lossBefore, lossAfter + " after " + lossBefore);

        INDArray started = problem.target.weight().dup();
        INDArray projectionOfA = factors.a().mmul(factors.a().transpose());
        INDArray projectionOfB = factors.b().transpose().mmul(factors.b());
        INDArray expected = projectionOfA
                .mmul(problem.gradientOfWeight())
                .mmul(projectionOfB)
                .muli(-0.001);
        new Problem.Run(problem, update, new Sgd(0.001)).step();
        assertTrue(distance(expected, problem.target.weight().sub(started)) <= EXACT);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("gradients")
    void loraOneTakesTheBestPartOfAGradientStep(String name, INDArray gradient, int rank, double scale) {
        Start start = start(new LoraOne(), gradient, rank, scale, Map.of());
        INDArray weight = start.weight().dup();
        Factors factors = new LoraOne().start(start);
        ThinSvd svd = ThinSvd.of(gradient);
        double largest = svd.singularValues()[0];
        INDArray change = factors.a().mmul(factors.b()).muli(scale);
        INDArray expected = svd.truncated(rank).muli(-scale / (GAMMA * largest));
        assertTrue(distance(expected, change) <= EXACT);
        assertEquals(scale / GAMMA, ThinSvd.of(change).singularValues()[0], EXACT, "whatever the gradient's size");
        int pairs = Math.min(rank, svd.rank());
        INDArray squares = Nd4j.diag(
                Nd4j.createFromArray(Arrays.copyOf(svd.singularValues(), pairs)).divi(GAMMA * largest));
        INDArray a = factors.a().get(NDArrayIndex.all(), NDArrayIndex.interval(0, pairs));
        INDArray b = factors.b().get(NDArrayIndex.interval(0, pairs), NDArrayIndex.all());
        assertTrue(distance(squares, a.transpose().mmul(a)) <= EXACT);
        assertTrue(distance(squares, b.mmul(b.transpose())) <= EXACT);
        for (int i = pairs; i < rank; i++) {
            assertTrue(factors.a().getColumn(i).normmaxNumber().doubleValue() > 0.01, "B can be trained through it");
            assertEquals(0, factors.b().getRow(i).normmaxNumber().doubleValue());
        }
        assertEquals(weight, factors.base(), "nothing is subtracted");
        assertEquals(weight, start.weight(), "the engine moves W, not the start");
    }

    @Test
    void loraOneOfAGradientOfZeroStartsAsLoraDoes() {
        INDArray zero = Nd4j.zeros(DataType.FLOAT, 6, 4);
        Factors factors = new LoraOne().start(start(new LoraOne(), zero, 3, 2, Map.of()));
        Factors lora = new Kaiming().start(start(new LoraOne(), zero, 3, 2, Map.of()));
        assertEquals(lora.a(), factors.a());
        assertTrue(ThinSvd.of(factors.a()).singularValues()[2] > 0.01, "B can be trained through it");
        assertEquals(0, factors.b().normmaxNumber().doubleValue(), "W stays as it is");
    }

    @Test
    void loraOneOfALargeWeightUsesARandomisedDecomposition() {
        INDArray gradient = gaussian(600, 5).mmul(gaussian(5, 550));
        Factors factors = new LoraOne().start(start(new LoraOne(), gradient, 5, 1, Map.of()));
        double ratio = gradient.norm2Number().doubleValue()
                / factors.a().mmul(factors.b()).norm2Number().doubleValue();
        INDArray change = factors.a().mmul(factors.b()).muli(-ratio);
        assertTrue(distance(gradient, change) <= 1e-9);
    }

    @Test
    void loraOneTrainsBothFactorsFromTheMovedWeight() {
        Problem problem = new Problem(DataType.DOUBLE, 8, 6, 3, 4, Map.of());
        INDArray before = problem.target.weight().dup();
        double lossBefore = problem.loss(before);
        TargetUpdate update = new Lora().attach(problem.target);
        Factors factors = problem.start(update, new LoraOne());
        assertTrue(distance(problem.update(factors), problem.target.weight().sub(before)) <= EXACT);
        double lossAfter = problem.loss(problem.target.weight());
        assertTrue(lossAfter < lossBefore, lossAfter + " after " + lossBefore);

        INDArray[] gradients = problem.gradients(update);
        double h = 1e-6;
        for (int tensor = 0; tensor < 2; tensor++) {
            for (int i = 0; i < gradients[tensor].size(0); i++) {
                for (int j = 0; j < gradients[tensor].size(1); j++) {
                    double numeric = (lossAt(problem, factors, before, tensor, i, j, h)
                                    - lossAt(problem, factors, before, tensor, i, j, -h))
                            / (2 * h);
                    assertEquals(numeric, gradients[tensor].getDouble(i, j), 1e-5 * Math.max(1, Math.abs(numeric)));
                }
            }
        }
    }

    /** The loss of W0 + s A B with one entry of A (tensor 0) or B changed. */
    private static double lossAt(
            Problem problem, Factors factors, INDArray base, int tensor, int i, int j, double change) {
        INDArray a = factors.a().dup();
        INDArray b = factors.b().dup();
        INDArray changed = tensor == 0 ? a : b;
        changed.putScalar(i, j, changed.getDouble(i, j) + change);
        return problem.loss(base.add(a.mmul(b).muli(problem.target.scale())));
    }

    @Test
    void whatTheEngineAsksOfThem() {
        for (Initialisation initialisation : new Initialisation[] {new LoraSb(), new LoraOne()}) {
            assertEquals(Initialisation.Need.GRADIENT, initialisation.need());
            String option = initialisation.name() + ".batches";
            assertEquals(1, initialisation.batches(new OptionValues(initialisation, Map.of())));
            assertEquals(5, initialisation.batches(new OptionValues(initialisation, Map.of(option, "5"))));
            OptionValues none = new OptionValues(initialisation, Map.of(option, "0"));
            LowRankException refused = assertThrows(LowRankException.class, () -> initialisation.batches(none));
            assertTrue(refused.getMessage().contains(option + "=0"), refused.getMessage());
        }
        assertEquals(Optional.of("lora-xs"), new LoraSb().onlyUpdate());
        assertEquals(Optional.empty(), new LoraOne().onlyUpdate());
        assertEquals(24, new LoraSb().defaultAlpha(24).orElseThrow(), "s = 1");
        assertEquals(16, new LoraOne().defaultAlpha(24).orElseThrow());
        assertEquals(Optional.of("lora-xs"), new LoraXsStart().onlyUpdate());
        assertEquals(Optional.of("loldu"), new LolduStart().onlyUpdate());
    }

    private static Start start(
            Initialisation initialisation, INDArray gradient, int rank, double scale, Map<String, String> options) {
        return new Start(
                "layer0",
                Draws.matrix(gradient.size(0), gradient.size(1), new Random(77)::nextGaussian)
                        .castTo(gradient.dataType()),
                rank,
                rank * scale,
                scale,
                RATE,
                gradient,
                null,
                new Random(5),
                new OptionValues(initialisation, options));
    }

    /** The signs of the entries, in double. */
    private static INDArray signs(INDArray matrix) {
        return Transforms.sign(matrix.castTo(DataType.DOUBLE), true);
    }

    private static INDArray gaussian(int rows, int columns) {
        Random random = new Random(31L * rows + columns);
        return Draws.matrix(rows, columns, random::nextGaussian);
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
