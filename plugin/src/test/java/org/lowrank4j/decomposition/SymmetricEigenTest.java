package org.lowrank4j.decomposition;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class SymmetricEigenTest {

    private static final double ORTHOGONAL = 1e-10;
    private static final double EXACT = 1e-12;

    static Stream<Arguments> matrices() {
        INDArray indefinite = gaussian(21, 21);
        INDArray basis = ThinSvd.of(gaussian(9, 9)).u();
        INDArray repeated = Nd4j.createFromArray(4.0, 4.0, 4.0, 1.0, 1.0, 0.0, 0.0, -2.0, -2.0);
        return Stream.of(new OpenBlasLapack(), new Nd4jLapack())
                .flatMap(lapack -> Stream.of(
                        Arguments.of(lapack, "indefinite", indefinite.add(indefinite.transpose())),
                        Arguments.of(lapack, "definite", gram(gaussian(40, 17))),
                        Arguments.of(lapack, "zero eigenvalues", gram(gaussian(3, 14))),
                        Arguments.of(
                                lapack,
                                "repeated eigenvalues",
                                basis.mulRowVector(repeated).mmul(basis.transpose())),
                        Arguments.of(lapack, "identity", Nd4j.eye(8).castTo(DataType.DOUBLE)),
                        Arguments.of(lapack, "zero", Nd4j.zeros(DataType.DOUBLE, 6, 6)),
                        Arguments.of(lapack, "1 x 1", Nd4j.create(new double[][] {{-2.5}})),
                        Arguments.of(lapack, "tiny", gram(gaussian(9, 5)).muli(1e-200)),
                        Arguments.of(lapack, "float", gram(gaussian(30, 12)).castTo(DataType.FLOAT))));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("matrices")
    void itIsOrthonormalSortedAndReconstructs(Lapack lapack, String name, INDArray matrix) {
        INDArray before = matrix.dup();
        SymmetricEigen eigen = SymmetricEigen.of(matrix, lapack);
        int n = (int) matrix.size(0);
        assertEquals(n, eigen.values().length);
        INDArray gram = eigen.vectors().transpose().mmul(eigen.vectors());
        assertTrue(largest(gram.subi(Nd4j.eye(n).castTo(DataType.DOUBLE))) <= ORTHOGONAL);
        for (int i = 1; i < n; i++) {
            assertTrue(eigen.values()[i - 1] >= eigen.values()[i]);
        }
        double scale =
                Math.max(Arrays.stream(eigen.values()).map(Math::abs).max().orElseThrow(), Double.MIN_NORMAL);
        INDArray product = eigen.vectors()
                .mulRowVector(Nd4j.createFromArray(eigen.values()))
                .mmul(eigen.vectors().transpose());
        assertTrue(largest(product.subi(matrix.castTo(DataType.DOUBLE))) <= EXACT * scale);
        assertEquals(before, matrix, "the argument must stay as it is");
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("matrices")
    void theLargestEntryOfEachVectorIsPositive(Lapack lapack, String name, INDArray matrix) {
        INDArray vectors = SymmetricEigen.of(matrix, lapack).vectors();
        for (int i = 0; i < vectors.size(1); i++) {
            INDArray vector = vectors.getColumn(i);
            assertEquals(largest(vector), vector.maxNumber().doubleValue());
        }
    }

    @Test
    void aKnownDecomposition() {
        // 2 x^2 + 4 x y + 5 y^2 has the axes (1, 2) with 6 and (2, -1) with 1.
        SymmetricEigen eigen = SymmetricEigen.of(Nd4j.create(new double[][] {{2, 2}, {2, 5}}));
        assertArrayEquals(new double[] {6, 1}, eigen.values(), 1e-14);
        double root = Math.sqrt(5);
        INDArray expected = Nd4j.create(new double[][] {{1 / root, 2 / root}, {2 / root, -1 / root}});
        assertTrue(largest(expected.subi(eigen.vectors())) <= 1e-14);
    }

    @Test
    void bothLibrariesAgree() {
        INDArray matrix = gram(gaussian(23, 17));
        SymmetricEigen one = SymmetricEigen.of(matrix, new OpenBlasLapack());
        SymmetricEigen other = SymmetricEigen.of(matrix, new Nd4jLapack());
        assertArrayEquals(one.values(), other.values(), EXACT * one.values()[0]);
        assertTrue(largest(one.vectors().sub(other.vectors())) <= ORTHOGONAL);
    }

    @Test
    void theEigenvaluesOfAGramMatrixAreSquaredSingularValues() {
        INDArray matrix = gaussian(25, 11);
        double[] squares = Arrays.stream(ThinSvd.of(matrix).singularValues())
                .map(value -> value * value)
                .toArray();
        assertArrayEquals(squares, SymmetricEigen.of(gram(matrix)).values(), EXACT * squares[0]);
    }

    @Test
    void roundingMayMakeItAlmostSymmetric() {
        INDArray matrix = gram(gaussian(25, 7));
        double[] values = SymmetricEigen.of(matrix).values();
        INDArray rounded = matrix.dup();
        rounded.putScalar(5, 2, matrix.getDouble(5, 2) + 1e-7);
        rounded.putScalar(2, 5, matrix.getDouble(2, 5) - 1e-7);
        assertArrayEquals(values, SymmetricEigen.of(rounded).values(), EXACT * values[0]);
    }

    @Test
    void whatIsNotSymmetricIsRefused() {
        LowRankException refused = assertThrows(
                LowRankException.class, () -> SymmetricEigen.of(Nd4j.create(new double[][] {{1, 2}, {3, 4}})));
        assertTrue(refused.getMessage().contains("3.0 at row 1, column 0"), refused.getMessage());
        refused = assertThrows(LowRankException.class, () -> SymmetricEigen.of(gaussian(3, 4)));
        assertTrue(refused.getMessage().contains("3 x 4"), refused.getMessage());
        INDArray notFinite = gram(gaussian(4, 4));
        notFinite.putScalar(1, 1, Double.NaN);
        refused = assertThrows(LowRankException.class, () -> SymmetricEigen.of(notFinite));
        assertTrue(refused.getMessage().contains("NaN at row 1, column 1"), refused.getMessage());
    }

    private static INDArray gram(INDArray matrix) {
        return matrix.transpose().mmul(matrix);
    }

    private static double largest(INDArray array) {
        return array.normmaxNumber().doubleValue();
    }

    private static INDArray gaussian(int rows, int columns) {
        Random random = new Random(31L * rows + columns);
        double[] entries = new double[rows * columns];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = random.nextGaussian();
        }
        return Nd4j.create(entries, new long[] {rows, columns}, 'c');
    }
}
