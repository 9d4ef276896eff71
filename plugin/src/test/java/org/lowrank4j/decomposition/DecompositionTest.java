package org.lowrank4j.decomposition;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class DecompositionTest {

    private static final double ORTHOGONAL = 1e-10;
    private static final double EXACT = 1e-12;

    static Stream<Arguments> matrices() {
        return Stream.of(new OpenBlasLapack(), new Nd4jLapack())
                .flatMap(lapack -> Stream.of(
                        Arguments.of(lapack, "tall", gaussian(40, 7)),
                        Arguments.of(lapack, "wide", gaussian(6, 33)),
                        Arguments.of(lapack, "square", gaussian(21, 21)),
                        Arguments.of(lapack, "row", gaussian(1, 9)),
                        Arguments.of(lapack, "column", gaussian(9, 1)),
                        Arguments.of(lapack, "single", gaussian(1, 1)),
                        Arguments.of(lapack, "rank 3", gaussian(20, 3).mmul(gaussian(3, 12))),
                        Arguments.of(lapack, "zero", Nd4j.zeros(DataType.DOUBLE, 5, 8)),
                        Arguments.of(lapack, "tiny", gaussian(8, 5).muli(1e-150)),
                        Arguments.of(lapack, "transposed view", gaussian(9, 14).transpose())));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("matrices")
    void anSvdIsOrthonormalSortedAndReconstructs(Lapack lapack, String name, INDArray matrix) {
        INDArray before = matrix.dup();
        ThinSvd svd = ThinSvd.of(matrix, lapack);
        int k = (int) Math.min(matrix.size(0), matrix.size(1));

        assertEquals(k, svd.size());
        assertOrthonormal(svd.u());
        assertOrthonormal(svd.vt().transpose());
        for (int i = 1; i < k; i++) {
            assertTrue(svd.singularValues()[i - 1] >= svd.singularValues()[i]);
        }
        double scale = Math.max(svd.singularValues()[0], Double.MIN_NORMAL);
        assertTrue(largest(svd.truncated(k).sub(matrix)) <= EXACT * scale);
        assertEquals(before, matrix, "the argument must stay as it is");
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("matrices")
    void theLargestEntryOfEachRightVectorIsPositive(Lapack lapack, String name, INDArray matrix) {
        INDArray vt = ThinSvd.of(matrix.neg(), lapack).vt();
        for (int i = 0; i < vt.size(0); i++) {
            double largest = 0;
            for (int j = 0; j < vt.size(1); j++) {
                largest = Math.abs(vt.getDouble(i, j)) > Math.abs(largest) ? vt.getDouble(i, j) : largest;
            }
            assertTrue(largest > 0);
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("matrices")
    void aQrIsOrthonormalTriangularAndReconstructs(Lapack lapack, String name, INDArray matrix) {
        INDArray tall = matrix.size(0) < matrix.size(1) ? matrix.transpose() : matrix;
        ThinQr qr = ThinQr.of(tall, lapack);
        assertOrthonormal(qr.q());
        for (int i = 0; i < qr.r().size(0); i++) {
            assertTrue(qr.r().getDouble(i, i) >= 0);
            for (int j = 0; j < i; j++) {
                assertEquals(0, qr.r().getDouble(i, j));
            }
        }
        double scale = Math.max(largest(tall), Double.MIN_NORMAL);
        assertTrue(largest(qr.q().mmul(qr.r()).sub(tall)) <= 10 * EXACT * scale);
    }

    @Test
    void aWideMatrixHasNoThinQr() {
        LowRankException refused = assertThrows(LowRankException.class, () -> ThinQr.of(gaussian(3, 4)));
        assertTrue(refused.getMessage().contains("3 x 4"), refused.getMessage());
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("matrices")
    void anLuIsTriangularBoundedAndReconstructs(Lapack lapack, String name, INDArray matrix) {
        PivotedLu lu = PivotedLu.of(matrix, lapack);
        int k = (int) Math.min(matrix.size(0), matrix.size(1));
        assertEquals(k, lu.lower().size(1));
        assertEquals(k, lu.upper().size(0));
        for (int i = 0; i < k; i++) {
            assertEquals(1, lu.lower().getDouble(i, i));
            for (int j = 0; j < i; j++) {
                assertEquals(0, lu.upper().getDouble(i, j));
                assertEquals(0, lu.lower().getDouble(j, i));
            }
        }
        assertTrue(largest(lu.lower()) <= 1, "partial pivoting bounds L");
        double scale = Math.max(largest(matrix), Double.MIN_NORMAL);
        assertTrue(largest(lu.lower().mmul(lu.upper()).sub(matrix.getRows(lu.rows()))) <= 10 * EXACT * scale);
    }

    @Test
    void aKnownLu() {
        // The larger of the first column's entries becomes the first pivot.
        PivotedLu lu = PivotedLu.of(Nd4j.create(new double[][] {{1, 2}, {4, 4}, {2, 8}}));
        assertArrayEquals(new int[] {1, 2, 0}, lu.rows());
        assertEquals(Nd4j.create(new double[][] {{4, 4}, {0, 6}}), lu.upper());
        assertArrayEquals(
                new double[] {1, 0.5, 0.25},
                lu.lower().getColumn(0).dup().data().asDouble(),
                1e-15);
    }

    @ParameterizedTest
    @CsvSource({"17, 11", "11, 17", "9, 9", "1, 6", "6, 1"})
    void bothLibrariesAgree(int rows, int columns) {
        Lapack blas = new OpenBlasLapack();
        Lapack portable = new Nd4jLapack();
        INDArray matrix = gaussian(rows, columns);
        ThinSvd one = ThinSvd.of(matrix, blas);
        ThinSvd other = ThinSvd.of(matrix, portable);
        assertArrayEquals(one.singularValues(), other.singularValues(), EXACT * one.singularValues()[0]);
        assertTrue(largest(one.u().sub(other.u())) <= ORTHOGONAL);
        assertTrue(largest(one.vt().sub(other.vt())) <= ORTHOGONAL);
        PivotedLu oneLu = PivotedLu.of(matrix, blas);
        PivotedLu otherLu = PivotedLu.of(matrix, portable);
        assertArrayEquals(oneLu.rows(), otherLu.rows());
        assertTrue(largest(oneLu.lower().sub(otherLu.lower())) <= EXACT);
        assertTrue(largest(oneLu.upper().sub(otherLu.upper())) <= EXACT);
        INDArray tall = rows < columns ? matrix.transpose() : matrix;
        ThinQr oneQr = ThinQr.of(tall, blas);
        ThinQr otherQr = ThinQr.of(tall, portable);
        assertTrue(largest(oneQr.q().sub(otherQr.q())) <= ORTHOGONAL);
        assertTrue(largest(oneQr.r().sub(otherQr.r())) <= EXACT);
        ThinSvd oneRandom = RandomisedSvd.of(matrix, 1, 8, new Random(2), blas);
        ThinSvd otherRandom = RandomisedSvd.of(matrix, 1, 8, new Random(2), portable);
        assertTrue(largest(oneRandom.u().sub(otherRandom.u())) <= ORTHOGONAL);
        assertTrue(largest(oneRandom.vt().sub(otherRandom.vt())) <= ORTHOGONAL);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("libraries")
    void badConditionCostsNoOrthogonality(Lapack lapack) {
        // The condition of Hilbert's matrix of this size is beyond that of doubles.
        INDArray hilbert = Nd4j.create(DataType.DOUBLE, 14, 14);
        for (int i = 0; i < 14; i++) {
            for (int j = 0; j < 14; j++) {
                hilbert.putScalar(i, j, 1.0 / (i + j + 1));
            }
        }
        ThinSvd svd = ThinSvd.of(hilbert, lapack);
        assertOrthonormal(svd.u());
        assertOrthonormal(svd.vt().transpose());
        assertTrue(largest(svd.truncated(14).sub(hilbert)) <= EXACT);
        SymmetricEigen eigen = SymmetricEigen.of(hilbert, lapack);
        assertOrthonormal(eigen.vectors());
        assertArrayEquals(svd.singularValues(), eigen.values(), EXACT);
        ThinQr qr = ThinQr.of(hilbert, lapack);
        assertOrthonormal(qr.q());
        assertTrue(largest(qr.q().mmul(qr.r()).sub(hilbert)) <= EXACT);
        assertOrthonormal(
                RandomisedSvd.of(hilbert, 14, 3, new Random(1), lapack).u());
        PivotedLu lu = PivotedLu.of(hilbert, lapack);
        assertTrue(largest(lu.lower().mmul(lu.upper()).sub(hilbert.getRows(lu.rows()))) <= EXACT);
    }

    static Stream<Lapack> libraries() {
        return Stream.of(new OpenBlasLapack(), new Nd4jLapack());
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("matrices")
    void aRankCountsWhatIsMoreThanRounding(Lapack lapack, String name, INDArray matrix) {
        int expected = switch (name) {
            case "rank 3" -> 3;
            case "zero" -> 0;
            default -> (int) Math.min(matrix.size(0), matrix.size(1));
        };
        assertEquals(expected, ThinSvd.of(matrix, lapack).rank());
    }

    @Test
    void aKnownDecomposition() {
        // diag(3, -2) has the right vectors e1, e2 with positive signs, so the second left vector takes the sign.
        ThinSvd svd = ThinSvd.of(Nd4j.create(new double[][] {{3, 0}, {0, -2}, {0, 0}}));
        assertArrayEquals(new double[] {3, 2}, svd.singularValues(), 1e-15);
        assertEquals(Nd4j.create(new double[][] {{1, 0}, {0, -1}, {0, 0}}), svd.u());
        assertEquals(Nd4j.create(new double[][] {{1, 0}, {0, 1}}), svd.vt());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("libraries")
    void floatsAreDecomposedInDouble(Lapack lapack) {
        INDArray matrix = gaussian(12, 5).castTo(DataType.FLOAT);
        INDArray exact = matrix.castTo(DataType.DOUBLE);
        ThinSvd svd = ThinSvd.of(matrix, lapack);
        assertEquals(DataType.DOUBLE, svd.u().dataType());
        assertOrthonormal(svd.u());
        assertTrue(largest(svd.truncated(5).sub(exact)) <= EXACT * svd.singularValues()[0]);
        ThinSvd random = RandomisedSvd.of(matrix, 5, 2, new Random(1), lapack);
        assertOrthonormal(random.u());
        assertTrue(largest(random.truncated(5).sub(exact)) <= 1e-11 * svd.singularValues()[0]);
        ThinQr qr = ThinQr.of(matrix, lapack);
        assertOrthonormal(qr.q());
        assertTrue(largest(qr.q().mmul(qr.r()).sub(exact)) <= 10 * EXACT);
        PivotedLu lu = PivotedLu.of(matrix, lapack);
        assertEquals(DataType.DOUBLE, lu.upper().dataType());
        assertTrue(largest(lu.lower().mmul(lu.upper()).sub(exact.getRows(lu.rows()))) <= 10 * EXACT);
    }

    @Test
    void theTestsRunOnOpenBlas() {
        assertInstanceOf(OpenBlasLapack.class, Lapack.available());
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("matrices")
    void aRandomisedSvdOfFullSizeIsExact(Lapack lapack, String name, INDArray matrix) {
        int k = (int) Math.min(matrix.size(0), matrix.size(1));
        ThinSvd exact = ThinSvd.of(matrix, lapack);
        ThinSvd svd = RandomisedSvd.of(matrix, k, 2, new Random(3), lapack);
        double scale = Math.max(exact.singularValues()[0], Double.MIN_NORMAL);
        assertOrthonormal(svd.u());
        assertOrthonormal(svd.vt().transpose());
        assertTrue(largest(svd.truncated(k).sub(matrix)) <= 1e-11 * scale);
        for (int i = 0; i < k; i++) {
            assertTrue(svd.right(i).maxNumber().doubleValue()
                    >= svd.right(i).normmaxNumber().doubleValue());
        }
    }

    @Test
    void aRandomisedSvdFindsTheLeadingTriplets() {
        // Singular values fall by 0.8: with 4 power iterations and twice the columns the leading 5 are exact.
        ThinSvd basis = ThinSvd.of(gaussian(300, 200));
        double[] values = new double[200];
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.pow(0.8, i);
        }
        INDArray matrix = basis.u().mulRowVector(Nd4j.create(values)).mmul(basis.vt());
        ThinSvd svd = RandomisedSvd.of(matrix, 20, 4, new Random(1));
        assertEquals(20, svd.size());
        assertOrthonormal(svd.u());
        for (int i = 0; i < 5; i++) {
            assertEquals(values[i], svd.singularValues()[i], 1e-9);
            assertTrue(largest(svd.right(i).sub(basis.right(i))) <= 1e-6, "right vector " + i);
            assertTrue(largest(svd.left(i).sub(basis.left(i))) <= 1e-6, "left vector " + i);
        }
    }

    @Test
    void theSameSeedGivesTheSameTriplets() {
        INDArray matrix = gaussian(30, 25);
        assertEquals(
                RandomisedSvd.of(matrix, 6, 1, new Random(7)).u(),
                RandomisedSvd.of(matrix, 6, 1, new Random(7)).u());
    }

    @Test
    void whatIsNotFiniteIsRefused() {
        INDArray matrix = gaussian(4, 3);
        matrix.putScalar(2, 1, Double.NaN);
        LowRankException refused = assertThrows(LowRankException.class, () -> ThinSvd.of(matrix));
        assertTrue(refused.getMessage().contains("NaN at row 2, column 1"), refused.getMessage());
        matrix.putScalar(2, 1, Double.POSITIVE_INFINITY);
        assertThrows(LowRankException.class, () -> RandomisedSvd.of(matrix, 2, 1, new Random(1)));
    }

    @Test
    void whatIsNoMatrixIsRefused() {
        assertThrows(LowRankException.class, () -> ThinSvd.of(Nd4j.zeros(DataType.DOUBLE, 2, 3, 4)));
        assertThrows(LowRankException.class, () -> RandomisedSvd.of(gaussian(5, 4), 5, 1, new Random(1)));
        assertThrows(LowRankException.class, () -> RandomisedSvd.of(gaussian(5, 4), 0, 1, new Random(1)));
    }

    private static void assertOrthonormal(INDArray columns) {
        INDArray gram = columns.transpose().mmul(columns);
        assertTrue(largest(gram.sub(Nd4j.eye(columns.size(1)).castTo(DataType.DOUBLE))) <= ORTHOGONAL);
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
