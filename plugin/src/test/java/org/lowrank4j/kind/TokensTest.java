package org.lowrank4j.kind;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Products with rows that are tokens against those with the matrix that is never made. */
class TokensTest {

    private static final int VOCABULARY = 50;
    private static final int BEFORE = 7;

    /** Some occur twice, most not at all; more than a line of columns, and a part of one. */
    private static final int[] NUMBERS = {49, 0, 17, 17, 3, 0, 20, 17};

    @ParameterizedTest
    @CsvSource({"FLOAT,f", "FLOAT,c", "DOUBLE,f", "DOUBLE,c"})
    void rowsArePickedAndAddedUp(DataType type, char order) {
        INDArray oneHot = Nd4j.zeros(type, NUMBERS.length, VOCABULARY);
        for (int row = 0; row < NUMBERS.length; row++) {
            oneHot.putScalar(row, NUMBERS[row], 1);
        }
        Tokens tokens = new Tokens(NUMBERS, VOCABULARY);
        for (int columns : new int[] {2, 16, 37}) {
            INDArray matrix = inside(type, order, columns);
            INDArray picked = Nd4j.createUninitialized(type, new long[] {NUMBERS.length, columns}, 'c');
            tokens.times(matrix, picked);
            assertEquals(oneHot.mmul(matrix), picked);

            INDArray values = Nd4j.rand(type, NUMBERS.length, columns);
            INDArray expected =
                    matrix.mul(0.5).addi(oneHot.transpose().mmul(values).muli(2));
            tokens.transposeTimes(values, 2, matrix, 0.5);
            assertEquals(0, expected.distance2(matrix), 1e-5);
        }
    }

    /** A matrix in the middle of a longer vector, as a network's parameters are. */
    private static INDArray inside(DataType type, char order, int columns) {
        long length = (long) VOCABULARY * columns;
        INDArray all = Nd4j.rand(type, BEFORE + length + BEFORE);
        return all.get(NDArrayIndex.interval(BEFORE, BEFORE + length)).reshape(order, VOCABULARY, columns);
    }
}
