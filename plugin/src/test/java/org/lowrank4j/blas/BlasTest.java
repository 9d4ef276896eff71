package org.lowrank4j.blas;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class BlasTest {

    private static final int[][] SIZES = {
        {5, 4, 3}, {1, 4, 3}, {5, 1, 3}, {5, 4, 1}, {1, 1, 1}, {1, 6, 1}, {7, 1, 1}, {33, 17, 65}
    };

    /** Every way in which the matrix may lie in memory: all equal to one another. */
    private static Map<String, INDArray> layouts(DataType type, int rows, int columns) {
        INDArray value = Nd4j.rand(DataType.DOUBLE, rows, columns).subi(0.5).castTo(type);
        Map<String, INDArray> layouts = new LinkedHashMap<>();
        layouts.put("c", value.dup('c'));
        layouts.put("f", value.dup('f'));
        layouts.put("transpose", value.transpose().dup('c').transpose());
        INDArray among = Nd4j.rand(type, 'f', rows + 3, columns + 4);
        layouts.put(
                "rows of f",
                among.get(NDArrayIndex.interval(2, 2 + rows), NDArrayIndex.interval(1, 1 + columns))
                        .assign(value));
        INDArray amongRows = Nd4j.rand(type, 'c', rows + 3, columns + 4);
        layouts.put(
                "columns of c",
                amongRows
                        .get(NDArrayIndex.interval(1, 1 + rows), NDArrayIndex.interval(3, 3 + columns))
                        .assign(value));
        INDArray every = Nd4j.rand(type, 'c', 2 * rows, 3 * columns);
        layouts.put(
                "every second",
                every.get(NDArrayIndex.interval(0, 2, 2 * rows), NDArrayIndex.interval(0, 3, 3 * columns))
                        .assign(value));
        return layouts;
    }

    private static Stream<Arguments> products() {
        List<Arguments> all = new ArrayList<>();
        for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
            for (int[] size : SIZES) {
                all.add(Arguments.of(type, size[0], size[1], size[2]));
            }
        }
        return all.stream();
    }

    @ParameterizedTest(name = "{0} {1} x {3} times {3} x {2}")
    @MethodSource("products")
    void everyLayoutGivesTheProduct(DataType type, int rows, int columns, int inner) {
        double tolerance = type == DataType.FLOAT ? 1e-5 : 1e-13;
        for (int transposed = 0; transposed < 4; transposed++) {
            boolean transposeA = (transposed & 1) != 0;
            boolean transposeB = (transposed & 2) != 0;
            Map<String, INDArray> lefts = transposeA ? layouts(type, inner, rows) : layouts(type, rows, inner);
            Map<String, INDArray> rights = transposeB ? layouts(type, columns, inner) : layouts(type, inner, columns);
            for (var left : lefts.entrySet()) {
                for (var right : rights.entrySet()) {
                    for (String result : List.of("c", "f", "transpose", "rows of f", "columns of c")) {
                        INDArray c = layouts(type, rows, columns).get(result);
                        double[][] before = c.castTo(DataType.DOUBLE).toDoubleMatrix();
                        boolean strided = left.getKey().startsWith("every")
                                || right.getKey().startsWith("every");
                        if (strided && !result.equals("f")) {
                            continue;
                        }
                        Blas.gemm(left.getValue(), right.getValue(), c, transposeA, transposeB, 0.5, -2);
                        double[][] a = plain(left.getValue(), transposeA);
                        double[][] b = plain(right.getValue(), transposeB);
                        for (int i = 0; i < rows; i++) {
                            for (int j = 0; j < columns; j++) {
                                double expected = -2 * before[i][j];
                                for (int p = 0; p < inner; p++) {
                                    expected += 0.5 * a[i][p] * b[p][j];
                                }
                                assertEquals(
                                        expected,
                                        c.getDouble(i, j),
                                        tolerance,
                                        left.getKey() + " times " + right.getKey() + " into " + result);
                            }
                        }
                    }
                }
            }
        }
    }

    private static double[][] plain(INDArray array, boolean transpose) {
        return (transpose ? array.transpose() : array).castTo(DataType.DOUBLE).toDoubleMatrix();
    }

    /** Wide enough that the product is made of several, the last of them narrower. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 64, 65})
    void aWideProductOfFewRows(int rows) {
        int inner = 300;
        int columns = 2200 + rows;
        for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
            INDArray a = Nd4j.rand(type, rows, inner);
            INDArray b = Nd4j.rand(type, inner, columns);
            double tolerance = type == DataType.FLOAT ? 1e-3 : 1e-11;
            for (char order : new char[] {'f', 'c'}) {
                INDArray c = Nd4j.ones(type, rows, columns).dup(order);
                Blas.gemm(a, b.dup(order), c, false, false, 1, -1);
                INDArray transposed = Nd4j.ones(type, rows, columns).dup('f');
                Blas.gemm(a, b.transpose().dup(order), transposed, false, true, 1, -1);
                INDArray expected = Nd4j.matmul(a, b).subi(1);
                assertEquals(0, c.sub(expected).amaxNumber().doubleValue(), tolerance);
                assertEquals(0, transposed.sub(expected).amaxNumber().doubleValue(), tolerance);
            }
        }
    }

    @Test
    void whatLiesBesideAViewStays() {
        INDArray whole = Nd4j.ones(DataType.FLOAT, 6, 5).dup('f');
        INDArray part = whole.get(NDArrayIndex.interval(1, 4), NDArrayIndex.interval(2, 4));
        Blas.gemm(Nd4j.ones(3, 7), Nd4j.ones(7, 2), part, false, false, 1, 0);
        Blas.addRow(Nd4j.ones(2), Nd4j.ones(3), part);
        assertEquals(24 + 6 * 8, whole.sumNumber().doubleValue());
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        INDArray c = Nd4j.create(DataType.FLOAT, new long[] {3, 4}, 'f');
        for (Executable wrong : List.<Executable>of(
                () -> Blas.gemm(Nd4j.ones(3, 5), Nd4j.ones(6, 4), c, false, false, 1, 0),
                () -> Blas.gemm(Nd4j.ones(4, 5), Nd4j.ones(5, 4), c, false, false, 1, 0),
                () -> Blas.gemm(Nd4j.ones(3, 5), Nd4j.ones(5, 4), c, true, false, 1, 0),
                () -> Blas.gemm(Nd4j.ones(3), Nd4j.ones(1, 4), c, false, false, 1, 0),
                () -> Blas.addRow(Nd4j.ones(5), Nd4j.ones(3), c),
                () -> Blas.addRow(Nd4j.ones(4), Nd4j.ones(2), c),
                () -> Blas.axpy(1, Nd4j.ones(2, 4), c),
                () -> Blas.copy(Nd4j.ones(2, 4), c))) {
            String message = assertThrows(IllegalArgumentException.class, wrong).getMessage();
            assertTrue(message.contains("[3, 4]"), message);
        }
        assertEquals(0, c.sumNumber().doubleValue());
    }

    @ParameterizedTest
    @MethodSource("products")
    void sumsOfAnyLayouts(DataType type, int rows, int columns, int unused) {
        double tolerance = type == DataType.FLOAT ? 1e-6 : 1e-15;
        layouts(type, rows, columns)
                .forEach((nameOfX, x) -> layouts(type, rows, columns).forEach((nameOfY, y) -> {
                    INDArray expected = y.add(x.mul(-0.5));
                    Blas.axpy(-0.5, x, y);
                    assertEquals(0, expected.sub(y).amaxNumber().doubleValue(), tolerance, nameOfX + " to " + nameOfY);
                    Blas.copy(x, y);
                    assertEquals(x, y, nameOfX + " over " + nameOfY);
                }));
    }

    @ParameterizedTest
    @MethodSource("products")
    void aRowIsAddedExactly(DataType type, int rows, int columns, int unused) {
        INDArray row = Nd4j.rand(DataType.DOUBLE, 1, columns).castTo(type);
        for (INDArray ones : List.of(Nd4j.ones(type, rows), Nd4j.ones(type, rows + 9))) {
            layouts(type, rows, columns).forEach((name, to) -> {
                INDArray expected = to.dup('c').addiRowVector(row);
                Blas.addRow(row, ones, to);
                assertEquals(0, expected.sub(to).amaxNumber().doubleValue(), 0, name);
            });
        }
    }

    @ParameterizedTest
    @MethodSource("products")
    void scalesAndSumsMagnitudes(DataType type, int rows, int columns, int unused) {
        layouts(type, rows, columns).forEach((name, x) -> {
            INDArray expected = x.mul(0.25);
            Blas.scale(0.25, x);
            assertEquals(expected, x, name);
            assertEquals(0, expected.sub(x).amaxNumber().doubleValue(), 0, name);
            double sum = 0;
            for (double[] row : x.castTo(DataType.DOUBLE).toDoubleMatrix()) {
                for (double one : row) {
                    sum += Math.abs(one);
                }
            }
            assertEquals(sum, Blas.asum(x), type == DataType.FLOAT ? 1e-5 * sum : 1e-13 * sum, name);
        });
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void aSumOfMagnitudesShowsWhatIsNotFinite(double value) {
        for (DataType type : List.of(DataType.FLOAT, DataType.DOUBLE)) {
            for (int length : new int[] {1, 7, 64, 1000, 1001}) {
                for (int at : new int[] {0, length / 2, length - 1}) {
                    INDArray x = Nd4j.ones(type, length);
                    x.putScalar(at, value);
                    assertFalse(Double.isFinite(Blas.asum(x)), type + " " + at + " of " + length);
                }
            }
        }
    }

    @Test
    void otherTypesGoTheirWay() {
        INDArray half = Nd4j.ones(DataType.HALF, 3, 2).dup('f');
        INDArray sum = Nd4j.ones(DataType.HALF, 3, 2).dup('f');
        Blas.axpy(2, half, sum);
        assertEquals(18, sum.sumNumber().doubleValue());
        INDArray product = Nd4j.create(DataType.HALF, new long[] {3, 3}, 'f');
        Blas.gemm(half, half, product, false, true, 1, 0);
        assertEquals(18, product.sumNumber().doubleValue());
    }

    @Test
    void floatsAreTheArraysOwn() {
        INDArray among = Nd4j.arange(10).castTo(DataType.FLOAT);
        INDArray view = among.get(NDArrayIndex.interval(3, 7));
        assertTrue(Blas.hasFloats(view));
        FloatBuffer floats = Blas.floats(view, 1, 3);

        assertEquals(3, floats.remaining());
        assertEquals(4f, floats.get(0));
        floats.put(2, 60f);
        assertEquals(60f, among.getFloat(6));
        assertThrows(IndexOutOfBoundsException.class, () -> Blas.floats(view, 2, 3));
    }

    /** Address space that nobody touches takes no memory. */
    @Test
    void floatsBeyondTheReachOfOneBufferAreThere() {
        long length = (1L << 29) + 100;
        Pointer untouched = Pointer.malloc(length * Float.BYTES);
        try {
            FloatPointer memory = new FloatPointer(untouched);
            memory.limit(length).capacity(length);
            INDArray vast = Nd4j.create(
                    Nd4j.createBuffer(memory, length, DataType.FLOAT), new long[] {length}, new long[] {1}, 0, 'c');
            assertTrue(Blas.hasFloats(vast));
            vast.putScalar(length - 1, 7f);
            assertEquals(7f, Blas.floats(vast, length - 10, 10).get(9));
            Blas.floats(vast, 1L << 29, 1).put(0, 3f);
            assertEquals(3f, vast.getFloat(1L << 29));
            assertThrows(ArithmeticException.class, () -> Blas.floats(vast, 0, 1 << 29));
        } finally {
            Pointer.free(untouched);
        }
    }

    @Test
    void floatsOfOtherArraysAreNotThere() {
        assertFalse(Blas.hasFloats(Nd4j.ones(DataType.DOUBLE, 4)));
        assertFalse(Blas.hasFloats(Nd4j.ones(DataType.FLOAT, 4, 4).get(NDArrayIndex.all(), NDArrayIndex.point(1))));
        assertFalse(Blas.hasFloats(Nd4j.empty(DataType.FLOAT)));
    }
}
