package org.lowrank4j.drawing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.decomposition.ThinSvd;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class CriticalLineTest {

    /** Functions that keep their shape at any scale: 2 / (1 + slope^2) for the leaky one. */
    @ParameterizedTest
    @CsvSource({"RELU, 2", "IDENTITY, 1", "LEAKYRELU, 1.99980002"})
    void whatKeepsItsShapeHasOnePoint(Activation activation, double variance) {
        for (double biases : new double[] {0, 0.2}) {
            CriticalLine line =
                    CriticalLine.of(activation.getActivationFunction(), biases).orElseThrow();
            assertEquals(variance, line.weights() * line.weights(), 1e-6);
            assertEquals(0, line.biases());
        }
    }

    /** Figure 1 of arXiv 1611.01232: with sigma_b^2 = 0.05 tanh is critical at sigma_w^2 = 1.76. */
    @Test
    void theLineOfTanhIsThatOfThePaper() {
        CriticalLine line = CriticalLine.of(Activation.TANH.getActivationFunction(), Math.sqrt(0.05))
                .orElseThrow();
        assertEquals(1.76, line.weights() * line.weights(), 0.01);
        assertEquals(0.05, line.biases() * line.biases(), 1e-12);
        assertEquals(
                1,
                CriticalLine.of(Activation.TANH.getActivationFunction(), 0)
                        .orElseThrow()
                        .weights(),
                1e-4);
    }

    @Test
    void whatMixesNumbersHasNone() {
        assertTrue(
                CriticalLine.of(Activation.SOFTMAX.getActivationFunction(), 0.1).isEmpty());
    }

    @ParameterizedTest
    @CsvSource({"9, 5", "5, 9", "7, 7", "1, 4"})
    void allSingularValuesAreTheGain(int rows, int columns) {
        for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
            for (char order : new char[] {'c', 'f'}) {
                INDArray matrix = Nd4j.create(type, new long[] {rows, columns}, order);
                OrthogonalMatrix.fill(matrix, 1.5, new Random(3));
                for (double value : ThinSvd.of(matrix).singularValues()) {
                    assertEquals(1.5, value, type == DataType.FLOAT ? 1e-6 : 1e-12);
                }
            }
        }
    }
}
