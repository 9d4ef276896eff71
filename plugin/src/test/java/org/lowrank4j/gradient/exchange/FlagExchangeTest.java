package org.lowrank4j.gradient.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.gradient.exchange.GradientExchange.Part;
import org.lowrank4j.gradient.exchange.GradientExchange.Steps;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class FlagExchangeTest {

    private static final int LENGTH = 70_000;

    private final Random random = new Random(11);

    private static Steps steps(int replicas, Map<String, String> options) {
        ExchangedTensor tensor = new ExchangedTensor("W", 0, 'f', LENGTH / 10, 10, 8, false);
        return steps(List.of(tensor), replicas, options);
    }

    private static Steps steps(List<ExchangedTensor> tensors, int replicas, Map<String, String> options) {
        FlagExchange flag = new FlagExchange();
        return flag.steps(new OptionValues(flag, options))
                .apply(new ExchangedGradient(DataType.DOUBLE, tensors, replicas, 1));
    }

    private INDArray gaussian() {
        double[] entries = new double[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            entries[i] = random.nextGaussian();
        }
        return Nd4j.createFromArray(entries);
    }

    private static INDArray combined(Steps steps, List<INDArray> gradients) {
        List<INDArray> vectors = gradients.stream().map(INDArray::dup).toList();
        steps.combine(IntStream.range(0, vectors.size())
                .mapToObj(i -> new Part(i, vectors.get(i), 4))
                .toList());
        vectors.forEach(vector -> assertTrue(vector.equalsWithEps(vectors.get(0), 0), "replicas go on alike"));
        return vectors.get(0);
    }

    private static double difference(INDArray one, INDArray other) {
        return one.sub(other).norm2Number().doubleValue() / other.norm2Number().doubleValue();
    }

    /** So the learning rate keeps its meaning. */
    @ParameterizedTest
    @CsvSource({"median,1", "median,2", "median,5", "mean,1", "mean,5"})
    void whatAllAgreeOnIsTheStep(String scale, int replicas) {
        INDArray gradient = gaussian();
        List<INDArray> equal =
                IntStream.range(0, replicas).mapToObj(i -> gradient).toList();
        assertTrue(difference(combined(steps(replicas, Map.of("flag.scale", scale)), equal), gradient) <= 1e-12);
    }

    @Test
    void asPublishedTheStepIsOfUnitGradients() {
        INDArray gradient = gaussian();
        INDArray step = combined(
                steps(4, Map.of("flag.scale", "unit", "flag.dimensions", "2")),
                List.of(gradient, gradient, gradient, gradient));
        assertEquals(2, step.norm2Number().doubleValue(), 1e-12);
    }

    private List<INDArray> honest(int count, INDArray truth) {
        List<INDArray> gradients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            gradients.add(truth.add(gaussian().muli(0.3)));
        }
        return gradients;
    }

    private static double cosine(INDArray one, INDArray other) {
        return Nd4j.getBlasWrapper().dot(one, other)
                / one.norm2Number().doubleValue()
                / other.norm2Number().doubleValue();
    }

    @Test
    void aLengthThatOneClaimsCountsForLittle() {
        INDArray truth = gaussian();
        List<INDArray> gradients = honest(6, truth);
        gradients.add(gaussian().muli(-1e6));
        INDArray step = combined(steps(7, Map.of()), gradients);
        assertTrue(cosine(step, truth) > 0.9);
        double length = step.norm2Number().doubleValue() / truth.norm2Number().doubleValue();
        assertTrue(length > 0.7 && length < 1.3, () -> "length " + length);
    }

    @Test
    void withAsManyDimensionsAsReplicasItIsTheMean() {
        List<INDArray> gradients = honest(3, gaussian());
        Steps steps = steps(3, Map.of("flag.dimensions", "9", "flag.scale", "mean"));
        INDArray mean =
                gradients.get(0).add(gradients.get(1)).addi(gradients.get(2)).divi(3);
        assertTrue(difference(combined(steps, gradients), mean) <= 1e-12);
        assertFalse(steps.remark().isEmpty());
        assertTrue(steps(3, Map.of()).remark().isEmpty());
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, 1e200})
    void whatIsNotFiniteIsSetAsideAndSaidOnce(double entry) {
        INDArray gradient = gaussian();
        INDArray wrong = gaussian().putScalar(7, entry);
        Steps steps = steps(4, Map.of());
        List<INDArray> gradients = List.of(wrong, gradient, gradient, gradient);
        String said = said(() -> {
            assertTrue(difference(combined(steps, gradients), gradient) <= 1e-12);
            combined(steps, gradients);
        });
        assertEquals(1, said.split("replica 0 aside", -1).length - 1, said);
    }

    private static String said(Runnable action) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream before = System.err;
        System.setErr(new PrintStream(bytes, true, StandardCharsets.UTF_8));
        try {
            action.run();
        } finally {
            System.setErr(before);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void whereNoneIsFiniteNoneTakesTheStep() {
        INDArray wrong = Nd4j.valueArrayOf(new long[] {LENGTH}, 1e200, DataType.DOUBLE);
        List<INDArray> vectors = List.of(wrong.dup(), wrong.dup());
        said(() -> steps(2, Map.of()).combine(List.of(new Part(0, vectors.get(0), 4), new Part(1, vectors.get(1), 4))));
        vectors.forEach(vector -> assertTrue(vector.isNaN().all()));
    }

    @Test
    void zerosCountInTheMean() {
        INDArray gradient = gaussian();
        INDArray zeros = gradient.like();
        INDArray step = combined(steps(3, Map.of()), List.of(zeros, gradient, gradient));
        assertTrue(difference(step, gradient.mul(2.0 / 3)) <= 1e-12);
        assertEquals(
                0,
                combined(steps(2, Map.of()), List.of(zeros, zeros))
                        .norm2Number()
                        .doubleValue());
    }

    /** They are no gradients, and may be of any size. */
    @Test
    void runningStatisticsBecomeTheirMean() {
        List<ExchangedTensor> tensors = List.of(
                new ExchangedTensor("W", 0, 'f', 5, 2, 8, false),
                new ExchangedTensor("mean", 10, 'c', 1, 3, 1, true),
                new ExchangedTensor("gain", 13, 'c', 1, 2, 1, false));
        INDArray one = Nd4j.createFromArray(
                IntStream.rangeClosed(1, 15).asDoubleStream().toArray());
        INDArray other = one.dup();
        for (int i = 10; i < 13; i++) {
            other.putScalar(i, -1000);
        }
        INDArray step = combined(steps(tensors, 3, Map.of()), List.of(one, one, other));
        for (int i = 0; i < 15; i++) {
            boolean statistic = i >= 10 && i < 13;
            assertEquals(statistic ? (2 * one.getDouble(i) - 1000) / 3 : one.getDouble(i), step.getDouble(i), 1e-10);
        }
    }

    @Test
    void theSameBitsEveryTime() {
        List<INDArray> gradients = honest(5, gaussian());
        assertEquals(combined(steps(5, Map.of()), gradients), combined(steps(5, Map.of()), gradients));
    }

    @ParameterizedTest
    @CsvSource({"flag.dimensions,0", "flag.dimensions,half", "flag.iterations,0", "flag.lambda,-1", "flag.scale,max"})
    void whatNoOptionCanBeIsRefused(String option, String value) {
        LowRankException refused = assertThrows(LowRankException.class, () -> steps(3, Map.of(option, value)));
        assertTrue(String.valueOf(refused.getMessage()).contains(option), refused::getMessage);
    }
}
