package org.lowrank4j.initialisation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.Method;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.StartedUpdate;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class InitialisationTest {

    private static final int INPUTS = 300;
    private static final int OUTPUTS = 200;
    private static final int RANK = 40;

    static Stream<Initialisation> all() {
        return Stream.of(new Kaiming(), new Gaussian(), new LoraGa(), new SwitchLoraStart());
    }

    @ParameterizedTest
    @MethodSource("all")
    void factorsHaveTheirShapesAndDependOnlyOnTheGenerator(Initialisation initialisation) {
        Factors first = initialisation.start(start(initialisation, 5, Map.of("lora-ga.direction", "random")));
        Nd4j.getRandom().setSeed(12345);
        Factors same = initialisation.start(start(initialisation, 5, Map.of("lora-ga.direction", "random")));
        Factors other = initialisation.start(start(initialisation, 6, Map.of("lora-ga.direction", "random")));
        assertEquals(INPUTS, first.a().size(0));
        assertEquals(RANK, first.a().size(1));
        assertEquals(RANK, first.b().size(0));
        assertEquals(OUTPUTS, first.b().size(1));
        assertEquals(first, same);
        assertNotEquals(first.a(), other.a());
    }

    @Test
    void kaiming() {
        Factors factors = new Kaiming().start(start(new Kaiming(), 1, Map.of()));
        double bound = 1 / Math.sqrt(INPUTS);
        assertEquals(bound, Kaiming.bound(INPUTS), 1e-15);
        double largest = factors.a().normmaxNumber().doubleValue();
        assertTrue(largest <= bound && largest > 0.999 * bound, "largest is " + largest);
        assertDeviation(bound / Math.sqrt(3), factors.a());
        assertEquals(0, factors.b().normmaxNumber().doubleValue());
        assertNull(factors.base());
    }

    @Test
    void gaussian() {
        Factors factors = new Gaussian().start(start(new Gaussian(), 1, Map.of()));
        assertDeviation(1.0 / RANK, factors.a());
        assertTrue(factors.a().normmaxNumber().doubleValue() > 3.0 / RANK, "the tails of a normal distribution");
        assertEquals(0, factors.b().normmaxNumber().doubleValue());
    }

    @Test
    void switchLora() {
        Factors factors = new SwitchLoraStart().start(start(new SwitchLoraStart(), 1, Map.of()));
        double ofA = SwitchLoraStart.deviationOfA(INPUTS, OUTPUTS, RANK);
        double ofB = SwitchLoraStart.deviationOfB(INPUTS, OUTPUTS, RANK);
        assertDeviation(ofA, factors.a());
        assertDeviation(ofB, factors.b());
        assertTrue(factors.a().normmaxNumber().doubleValue() <= SwitchLoraStart.bound(ofA));
        assertEquals(start(new SwitchLoraStart(), 1, Map.of()).weight(), factors.base());
        // For inputs of unit variance the update's output has the deviation sqrt(1/3) at alpha = 1.
        INDArray update = factors.a().mmul(factors.b()).muli(1.0 / RANK);
        double outputDeviation = update.norm2Number().doubleValue() / Math.sqrt(OUTPUTS);
        assertEquals(Math.sqrt(1.0 / 3), outputDeviation, 0.02);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ArB2r", "A2rBr", "ArBr", "random"})
    void theFirstStepOfLoraGaFollowsTheBestApproximationOfTheGradient(String direction) {
        int inputs = 20;
        int outputs = 14;
        int rank = 3;
        double scale = 1.7;
        INDArray weight = gaussian(inputs, outputs, 1);
        INDArray gradient = gaussian(inputs, outputs, 2);
        Start start = Given.start(
                weight,
                rank,
                rank * scale,
                scale,
                gradient,
                new Random(1),
                new OptionValues(new LoraGa(), Map.of("lora-ga.direction", direction)));
        TargetWeight target = Given.target("layer0", weight.dup('f'), rank, rank * scale, scale, 1, Map.of());
        TargetUpdate update = new Lora().attach(target);
        update.start(new LoraGa().start(start));
        double lambda = 1e-7;
        INDArray[] steps = {
            Nd4j.create(DataType.DOUBLE, new long[] {inputs, rank}, 'f'),
            Nd4j.create(DataType.DOUBLE, new long[] {rank, outputs}, 'c')
        };
        update.gradient(new OuterProduct(Nd4j.eye(inputs).castTo(DataType.DOUBLE), gradient), steps);
        steps[0].muli(lambda);
        steps[1].muli(lambda);
        update.step(steps);

        double c = Math.pow(outputs, 0.25) / 4;
        INDArray expected = ThinSvd.of(gradient).truncated(2 * rank).muli(-lambda * scale * scale * c * c);
        INDArray change = target.weight().sub(weight);
        double error = change.sub(expected).norm2Number().doubleValue()
                / expected.norm2Number().doubleValue();
        assertTrue(error <= 1e-4, "relative error " + error);
    }

    @Test
    void loraGaClipsTheOffset() {
        Factors clipped = new LoraGa()
                .start(start(new LoraGa(), 1, Map.of("lora-ga.norm-clip", "true", "lora-ga.gamma", "0.01")));
        Start given = start(new LoraGa(), 1, Map.of());
        INDArray offset = clipped.a().mmul(clipped.b()).muli(given.scale());
        assertEquals(
                given.weight().normmaxNumber().doubleValue(),
                offset.normmaxNumber().doubleValue(),
                1e-12);
        Factors small =
                new LoraGa().start(start(new LoraGa(), 1, Map.of("lora-ga.norm-clip", "true", "lora-ga.gamma", "1e6")));
        assertEquals(
                Math.pow(OUTPUTS, 0.25) / 1000,
                small.a().getColumn(0).norm2Number().doubleValue(),
                1e-12,
                "what is small enough is not clipped");
    }

    @Test
    void loraGaOfALargeWeightUsesARandomisedDecomposition() {
        // Rank 12 in 600 x 560: the randomised decomposition is exact up to rounding, and still random if it were not.
        INDArray gradient = gaussian(600, 12, 3).mmul(gaussian(12, 560, 4));
        Start start = Given.start(
                Nd4j.zeros(DataType.FLOAT, 600, 560),
                3,
                3,
                1,
                gradient,
                new Random(1),
                new OptionValues(new LoraGa(), Map.of("lora-ga.scale", "unit")));
        Factors factors = new LoraGa().start(start);
        ThinSvd exact = ThinSvd.of(gradient);
        assertTrue(factors.a().sub(exact.left(0, 1, 2)).normmaxNumber().doubleValue() <= 1e-9);
        assertTrue(factors.b().sub(exact.right(3, 4, 5)).normmaxNumber().doubleValue() <= 1e-9);
    }

    @Test
    void loraGaRefusesARankWithoutEnoughDirections() {
        INDArray weight = gaussian(20, 10, 1);
        Start start = Given.start(weight, 6, 6, 1, weight, new Random(1), new OptionValues(new LoraGa(), Map.of()));
        LowRankException refused = assertThrows(LowRankException.class, () -> new LoraGa().start(start));
        assertTrue(refused.getMessage().contains("rank of at most 5"), refused.getMessage());
    }

    @Test
    void loraGaRefusesWhatItDoesNotKnow() {
        for (String option : new String[] {"direction", "scale", "norm-clip", "gamma"}) {
            Start start = start(new LoraGa(), 1, Map.of("lora-ga." + option, "sideways"));
            LowRankException refused = assertThrows(LowRankException.class, () -> new LoraGa().start(start));
            assertTrue(refused.getMessage().contains("lora-ga." + option + "=sideways"), refused.getMessage());
        }
    }

    @Test
    void loraGaNeedsAGradient() {
        assertEquals(Initialisation.Need.GRADIENT, new LoraGa().need());
        Start without = Given.start(
                gaussian(20, 10, 1), 2, 2, 1, null, new Random(1), new OptionValues(new LoraGa(), Map.of()));
        assertThrows(LowRankException.class, () -> new LoraGa().start(without));
    }

    @Test
    void allMethodsAreRegisteredWithTheDefaultsThatTheyName() {
        Set<String> initialisations = names(Initialisation.class);
        Set<String> updates = names(LowRankUpdate.class);
        assertTrue(initialisations.containsAll(Set.of("kaiming", "gaussian", "lora-ga", "switchlora")));
        assertTrue(updates.containsAll(Set.of("lora", "full", "switchlora")));
        assertTrue(names(GradientApproximation.class).containsAll(Set.of("exact", "galore")));
        for (LowRankUpdate update : ServiceLoader.load(LowRankUpdate.class)) {
            assertTrue(!(update instanceof StartedUpdate started)
                    || initialisations.contains(started.defaultInitialisation()));
        }
        for (GradientApproximation gradient : ServiceLoader.load(GradientApproximation.class)) {
            assertTrue(updates.contains(gradient.defaultUpdate()));
        }
    }

    private static <M extends Method> Set<String> names(Class<M> type) {
        return ServiceLoader.load(type).stream()
                .map(provider -> provider.get().name())
                .collect(Collectors.toSet());
    }

    private static void assertDeviation(double expected, INDArray array) {
        double mean = array.meanNumber().doubleValue();
        double deviation = array.stdNumber().doubleValue();
        assertEquals(expected, deviation, 4 * expected / Math.sqrt(2.0 * array.length()));
        assertEquals(0, mean, 4 * expected / Math.sqrt(array.length()));
    }

    private static Start start(Initialisation initialisation, long seed, Map<String, String> options) {
        return Given.start(
                gaussian(INPUTS, OUTPUTS, 1),
                RANK,
                RANK,
                1,
                initialisation.need() == Initialisation.Need.GRADIENT ? gaussian(INPUTS, OUTPUTS, 2) : null,
                new Random(seed),
                new OptionValues(initialisation, options));
    }

    private static INDArray gaussian(int rows, int columns, long seed) {
        Random random = new Random(seed);
        return Draws.matrix(rows, columns, random::nextGaussian);
    }
}
