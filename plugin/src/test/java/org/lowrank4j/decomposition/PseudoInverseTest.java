package org.lowrank4j.decomposition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class PseudoInverseTest {

    /** The four equations of Penrose, which only the pseudo-inverse satisfies. */
    @ParameterizedTest
    @CsvSource({"7, 4, 4", "4, 7, 4", "5, 5, 5", "6, 5, 2", "1, 6, 1", "6, 1, 1", "4, 3, 0"})
    void itSatisfiesItsEquations(int rows, int columns, int rank) {
        INDArray matrix = rank == 0
                ? Nd4j.zeros(DataType.DOUBLE, rows, columns)
                : uniform(rows, rank).mmul(uniform(rank, columns));
        INDArray inverse = PseudoInverse.of(matrix);
        assertEquals(columns, inverse.size(0));
        assertEquals(rows, inverse.size(1));
        INDArray left = matrix.mmul(inverse);
        INDArray right = inverse.mmul(matrix);
        assertClose(matrix, left.mmul(matrix));
        assertClose(inverse, right.mmul(inverse));
        assertClose(left, left.transpose());
        assertClose(right, right.transpose());
    }

    private static INDArray uniform(int rows, int columns) {
        Random random = new Random(31L * rows + columns);
        double[] entries = random.doubles((long) rows * columns).toArray();
        return Nd4j.create(entries, new long[] {rows, columns}, 'c');
    }

    private static void assertClose(INDArray expected, INDArray actual) {
        double error = expected.sub(actual).normmaxNumber().doubleValue();
        assertTrue(error <= 1e-11, "off by " + error);
    }
}
