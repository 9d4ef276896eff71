package org.lowrank4j.gradient.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.gradient.exchange.GradientExchange.Part;
import org.lowrank4j.gradient.exchange.GradientExchange.Steps;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class CompressedStepsTest {

    private static final List<ExchangedTensor> TENSORS = List.of(
            ExchangedTensor.of("dense/W", 0, 'f', new long[] {6, 8}, 2, false),
            ExchangedTensor.of("dense/b", 48, 'c', new long[] {1, 8}, 2, false),
            ExchangedTensor.of("filters/W", 56, 'c', new long[] {4, 2, 3, 1}, 2, false));
    private static final int LENGTH = 80;

    private final Random random = new Random(5);

    private static Steps steps(GradientExchange exchange, Map<String, String> options) {
        return exchange.steps(new OptionValues(exchange, options))
                .apply(new ExchangedGradient(DataType.DOUBLE, TENSORS, 3, 1));
    }

    private static Steps all(String exchange) {
        return exchange.equals("powersgd")
                ? steps(
                        new PowerSgdExchange(),
                        Map.of("powersgd.rank", "8", "powersgd.start", "0", "powersgd.least-ratio", "0.1"))
                : steps(new EControlExchange(), Map.of("econtrol.keep", "1", "econtrol.first-estimate", "zero"));
    }

    private INDArray gaussian() {
        double[] entries = new double[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            entries[i] = random.nextGaussian();
        }
        return Nd4j.createFromArray(entries);
    }

    /** Minibatches of unlike sizes, replicas without one, and a step that is left out because of a NaN. */
    @ParameterizedTest
    @ValueSource(strings = {"powersgd", "econtrol"})
    void whereNothingIsLeftOutItIsTheMean(String exchange) {
        Steps steps = all(exchange);
        Steps mean = steps(new MeanExchange(), Map.of());
        for (int step = 0; step < 6; step++) {
            List<Part> parts = new ArrayList<>();
            List<Part> copies = new ArrayList<>();
            for (int i = 0; i < (step == 3 ? 1 : 3); i++) {
                INDArray gradient = gaussian();
                if (step == 2 && i == 1) {
                    gradient.putScalar(7, Double.NaN);
                }
                parts.add(new Part(i, gradient, 3 + i));
                copies.add(new Part(i, gradient.dup(), 3 + i));
            }
            steps.combine(parts);
            mean.combine(copies);
            for (int i = 0; i < parts.size(); i++) {
                INDArray one = parts.get(i).vector();
                INDArray other = copies.get(i).vector();
                if (step == 2) {
                    assertTrue(one.isNaN().all());
                } else {
                    double difference = one.sub(other).norm2Number().doubleValue()
                            / other.norm2Number().doubleValue();
                    assertTrue(difference <= 1e-12, "step " + step + " differs by " + difference);
                }
            }
        }
    }

    /** Also what a replica has not sent when its minibatches have run out. */
    @Test
    void whatIsLeftOutComesLater() {
        Steps steps = steps(
                new PowerSgdExchange(),
                Map.of("powersgd.rank", "1", "powersgd.start", "0", "powersgd.least-ratio", "0.1"));
        INDArray given = Nd4j.create(DataType.DOUBLE, LENGTH);
        INDArray applied = given.like();
        for (int step = 0; step < 40; step++) {
            List<Part> parts = new ArrayList<>();
            for (int i = 0; i < (step == 0 ? 3 : 1); i++) {
                INDArray gradient = step == 0 ? gaussian() : given.like();
                given.addi(gradient.div(3));
                parts.add(new Part(i, gradient, 4));
            }
            steps.combine(parts);
            applied.addi(parts.get(0).vector());
            if (step == 0) {
                assertTrue(distance(given, applied) > 0.1, "something was left out");
            }
        }
        assertTrue(distance(given, applied) <= 1e-6, () -> "all of it arrives, but for " + distance(given, applied));
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).norm2Number().doubleValue();
    }

    /** P and Q of both matrices, and the vector. */
    @Test
    void theBytesAreThoseOfTheMessages() {
        assertEquals(LENGTH * 8L, steps(new MeanExchange(), Map.of()).bytes());
        Steps powersgd = steps(new PowerSgdExchange(), Map.of("powersgd.rank", "1"));
        assertEquals((6 + 8 + 8 + 4 + 6) * 8L, powersgd.bytes());
        assertEquals("uncompressed in the first 100 steps of each fit", powersgd.remark());
        Steps econtrol = steps(new EControlExchange(), Map.of("econtrol.keep", "0.25"));
        assertEquals((12 + 6) * (4 + 8L) + 8 * 8, econtrol.bytes());
    }
}
