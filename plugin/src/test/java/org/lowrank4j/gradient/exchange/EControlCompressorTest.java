package org.lowrank4j.gradient.exchange;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.method.Kept;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class EControlCompressorTest {

    private static final int WORKERS = 5;
    private static final int ENTRIES = 5;
    private static final double RATE = 0.1;
    private static final int STEPS = 350;

    /** Worker i has the gradient a x - b, and no two agree on the optimum. */
    private final INDArray a = uniform(0.5, 2);

    private final INDArray b = uniform(-3, 3);
    private final INDArray optimum = b.sum(0).div(a.sum(0));

    private INDArray uniform(double from, double to) {
        Random random = new Random(Double.hashCode(from));
        INDArray matrix = Nd4j.create(DataType.DOUBLE, WORKERS, ENTRIES);
        for (int i = 0; i < WORKERS; i++) {
            for (int j = 0; j < ENTRIES; j++) {
                matrix.putScalar(i, j, from + (to - from) * random.nextDouble());
            }
        }
        return matrix;
    }

    /** Where sending the largest entry of each gradient goes astray, EControl arrives. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void workersThatDisagreeReachTheirCommonOptimum(boolean startsAtGradient) {
        List<EControlCompressor> workers = workers(0.1, startsAtGradient);
        INDArray step = Nd4j.create(DataType.DOUBLE, new long[] {ENTRIES, 1}, 'f');
        double distance = run((gradients, x) -> {
            CompressedExchange.step(workers, gradients, step);
            return step;
        });
        assertTrue(distance <= 1e-8, "EControl ends " + distance + " from the optimum");
    }

    @Test
    void withoutMemoryTheyDoNot() {
        double distance = run((gradients, x) -> {
            INDArray sum = Nd4j.create(DataType.DOUBLE, new long[] {ENTRIES, 1}, 'f');
            gradients.forEach(gradient -> TopK.of(gradient, 1).addTo(sum));
            return sum.divi(WORKERS);
        });
        assertTrue(distance > 0.1, "Top-1 alone ends " + distance + " from the optimum");
    }

    @Test
    void errorFeedbackAloneStaysAtADistance() {
        INDArray errors = Nd4j.create(DataType.DOUBLE, WORKERS, ENTRIES);
        double distance = run((gradients, x) -> {
            INDArray sum = Nd4j.create(DataType.DOUBLE, new long[] {ENTRIES, 1}, 'f');
            for (int i = 0; i < WORKERS; i++) {
                INDArray corrected = errors.getRow(i).reshape(ENTRIES, 1).add(gradients.get(i));
                SparseMessage message = TopK.of(corrected, 1);
                message.addTo(sum);
                INDArray sent = message.zeros();
                message.addTo(sent);
                errors.putRow(i, corrected.sub(sent).reshape(ENTRIES));
            }
            return sum.divi(WORKERS);
        });
        assertTrue(distance > 1e-2, "error feedback ends " + distance + " from the optimum");
    }

    private double run(BiFunction<List<INDArray>, INDArray, INDArray> direction) {
        INDArray x = Nd4j.create(DataType.DOUBLE, ENTRIES);
        for (int t = 0; t < STEPS; t++) {
            INDArray all = a.mulRowVector(x).subi(b);
            List<INDArray> gradients = IntStream.range(0, WORKERS)
                    .mapToObj(i -> all.getRow(i).dup().reshape(ENTRIES, 1))
                    .toList();
            x.subi(direction.apply(gradients, x).reshape(ENTRIES).mul(RATE));
        }
        return x.sub(optimum).norm2Number().doubleValue();
    }

    @Test
    void theStepIsTheAverageOfTheEstimates() {
        List<EControlCompressor> workers = workers(0.01, true);
        INDArray step = Nd4j.create(DataType.DOUBLE, new long[] {ENTRIES, 1}, 'f');
        for (int t = 0; t < 5; t++) {
            INDArray noise = uniform(t - 1, t);
            CompressedExchange.step(
                    workers,
                    IntStream.range(0, WORKERS)
                            .mapToObj(i -> noise.getRow(i).dup().reshape(ENTRIES, 1))
                            .toList(),
                    step);
            INDArray average = step.mul(0);
            workers.forEach(
                    worker -> average.addi(worker.kept().state().get("estimate").div(WORKERS)));
            assertTrue(average.sub(step).normmaxNumber().doubleValue() <= 1e-14, "step " + t);
        }
    }

    @Test
    void keepingEverythingLosesNothing() {
        EControlCompressor worker =
                new EControlCompressor(new Kept("test", DataType.DOUBLE), ENTRIES, 1, ENTRIES, 0.1, false);
        INDArray gradient = a.getRow(0).dup().reshape(ENTRIES, 1);
        INDArray step = gradient.ulike();
        CompressedExchange.step(List.of(worker), List.of(gradient), step);
        assertTrue(gradient.sub(step).normmaxNumber().doubleValue() <= 1e-15);
        assertTrue(worker.kept().state().get("error").normmaxNumber().doubleValue() <= 1e-15);
    }

    @Test
    void theLargestEntriesAreSentAndOfEqualOnesTheFirst() {
        INDArray matrix = Nd4j.create(new double[][] {{1, -5, 3}, {-3, 2, 3}});
        SparseMessage message = TopK.of(matrix, 3);
        assertArrayEquals(new int[] {1, 2, 4}, message.positions(), "column by column: 1 -3 -5 2 3 3");
        assertArrayEquals(new double[] {-3, -5, 3}, message.values());
        assertEquals(3 * (4 + 8), message.bytes());
        assertEquals(6, TopK.of(Nd4j.zeros(2, 3), 6).positions().length);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 6})
    void asManyAsThereAreCanBeKept(int kept) {
        assertThrows(
                IllegalArgumentException.class,
                () -> new EControlCompressor(new Kept("test", DataType.FLOAT), ENTRIES, 1, kept, 0.1, true));
    }

    private static List<EControlCompressor> workers(double eta, boolean startsAtGradient) {
        return IntStream.range(0, WORKERS)
                .mapToObj(i ->
                        new EControlCompressor(new Kept("test", DataType.DOUBLE), ENTRIES, 1, 1, eta, startsAtGradient))
                .toList();
    }
}
