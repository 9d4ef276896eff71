package org.lowrank4j.gradient.exchange;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.method.Kept;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class PowerSgdCompressorTest {

    private final Random random = new Random(3);

    @ParameterizedTest
    @CsvSource({"10,9,1", "10,9,3", "4,12,4", "6,6,6"})
    void aMatrixOfThatRankIsRecoveredInOneStep(int rows, int columns, int rank) {
        INDArray matrix = gaussian(rows, rank).mmul(gaussian(rank, columns));
        PowerSgdCompressor worker = compressor(rows, columns, rank);
        INDArray approximation = zeros(rows, columns);
        CompressedExchange.step(List.of(worker), List.of(matrix), approximation);
        double size = matrix.normmaxNumber().doubleValue();
        assertTrue(distance(matrix, approximation) <= 1e-12 * size);
        assertTrue(worker.kept().state().get("error").normmaxNumber().doubleValue() <= 1e-12 * size);
    }

    @Test
    void theSumOfWhatWasAppliedAndTheErrorsIsTheSumOfTheGradients() {
        List<PowerSgdCompressor> workers = List.of(compressor(7, 5, 2), compressor(7, 5, 2), compressor(7, 5, 2));
        INDArray given = zeros(7, 5);
        INDArray applied = zeros(7, 5);
        INDArray approximation = zeros(7, 5);
        for (int step = 0; step < 10; step++) {
            List<INDArray> gradients = gradients(3, 7, 5);
            gradients.forEach(gradient -> given.addi(gradient.div(3)));
            CompressedExchange.step(workers, gradients, approximation);
            applied.addi(approximation);
        }
        INDArray errors = zeros(7, 5);
        workers.forEach(worker -> errors.addi(worker.kept().state().get("error").div(3)));
        assertTrue(errors.normmaxNumber().doubleValue() > 0.1, "something was left out");
        assertTrue(distance(given, applied.add(errors)) <= 1e-12);
    }

    /** Before any error, several workers get what one would with their average. */
    @Test
    void itIsLinearInTheGradients() {
        List<INDArray> gradients = gradients(2, 7, 5);
        INDArray ofTwo = zeros(7, 5);
        CompressedExchange.step(List.of(compressor(7, 5, 2), compressor(7, 5, 2)), gradients, ofTwo);
        INDArray ofAverage = zeros(7, 5);
        CompressedExchange.step(
                List.of(compressor(7, 5, 2)),
                List.of(gradients.get(0).add(gradients.get(1)).div(2)),
                ofAverage);
        assertTrue(distance(ofAverage, ofTwo) <= 1e-12);
    }

    @Test
    void theFirstStepsGoOutAsTheyAre() {
        PowerSgdCompressor worker =
                new PowerSgdCompressor(new Kept("test", DataType.FLOAT), 8, 6, 1, 2, 1, new Random(1));
        INDArray approximation = Nd4j.create(DataType.FLOAT, 8, 6);
        List<Long> bytes = new ArrayList<>();
        for (int step = 0; step < 4; step++) {
            INDArray gradient = gaussian(8, 6).castTo(DataType.FLOAT);
            bytes.add(CompressedExchange.step(List.of(worker), List.of(gradient), approximation));
            assertEquals(step < 2, approximation.equals(gradient), "step " + step);
        }
        assertEquals(List.of(8L * 6 * 4, 8L * 6 * 4, (8L + 6) * 4, (8L + 6) * 4), bytes);
    }

    @ParameterizedTest
    @CsvSource({"8,6,1,2,true", "8,6,2,2,false", "8,6,2,1.7,true", "1,100,1,0.1,false", "100,1,1,0.1,false"})
    void whatWouldNotBecomeMuchSmallerIsNotCompressed(
            int rows, int columns, int rank, double leastRatio, boolean compresses) {
        PowerSgdCompressor worker = new PowerSgdCompressor(
                new Kept("test", DataType.DOUBLE), rows, columns, rank, 0, leastRatio, new Random(1));
        assertEquals(compresses ? 2 : 1, worker.rounds());
        assertEquals(compresses, worker.kept().state().containsKey("error"));
        INDArray gradient = gaussian(rows, columns);
        INDArray approximation = zeros(rows, columns);
        CompressedExchange.step(List.of(worker), List.of(gradient), approximation);
        assertEquals(!compresses, distance(gradient, approximation) == 0);
    }

    @Test
    void equallySeededWorkersAskTheSame() {
        assertEquals(
                compressor(9, 4, 2).kept().state().get("query"),
                compressor(9, 4, 2).kept().state().get("query"));
        assertFalse(compressor(9, 4, 2).kept().state().get("query").equals(zeros(9, 2)));
    }

    @Test
    void everyWorkerNeedsAGradient() {
        assertThrows(
                IllegalArgumentException.class,
                () -> CompressedExchange.step(List.of(compressor(7, 5, 2)), gradients(2, 7, 5), zeros(7, 5)));
    }

    private List<INDArray> gradients(int workers, int rows, int columns) {
        return IntStream.range(0, workers)
                .mapToObj(i -> gaussian(rows, columns))
                .toList();
    }

    private static PowerSgdCompressor compressor(int rows, int columns, int rank) {
        return new PowerSgdCompressor(new Kept("test", DataType.DOUBLE), rows, columns, rank, 0, 1e-9, new Random(1));
    }

    private INDArray gaussian(int rows, int columns) {
        INDArray matrix = zeros(rows, columns);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                matrix.putScalar(i, j, random.nextGaussian());
            }
        }
        return matrix;
    }

    private static INDArray zeros(int rows, int columns) {
        return Nd4j.create(DataType.DOUBLE, new long[] {rows, columns}, 'f');
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
