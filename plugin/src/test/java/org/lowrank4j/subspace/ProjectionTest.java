package org.lowrank4j.subspace;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** The three projections: adjoint, directions of length 1, the same from the same seed on every machine. */
class ProjectionTest {

    /** The tensors of a 20-40-30-10 network. */
    private static final int[] SIZES = {20 * 40, 40, 40 * 30, 30, 30 * 10, 10};

    private static final int ENTRIES = Arrays.stream(SIZES).sum();
    private static final int DIMENSION = 50;

    private static INDArray normal(long seed, DataType type, int length) {
        Random random = new Random(seed);
        return Nd4j.createFromArray(random.doubles(length, -1.7, 1.7).toArray()).castTo(type);
    }

    private static INDArray expand(Projection projection, INDArray z) {
        INDArray result = Nd4j.valueArrayOf(new long[] {projection.entries()}, Double.NaN, z.dataType());
        projection.expand(z, result);
        return result;
    }

    private static INDArray pullBack(Projection projection, INDArray gradient) {
        INDArray result = Nd4j.valueArrayOf(new long[] {projection.dimension()}, Double.NaN, gradient.dataType());
        projection.pullBack(gradient, result);
        return result;
    }

    private static double product(INDArray x, INDArray y) {
        return x.mul(y).castTo(DataType.DOUBLE).sumNumber().doubleValue();
    }

    @ParameterizedTest
    @EnumSource(ProjectionKind.class)
    void pullingBackIsTheAdjoint(ProjectionKind kind) {
        for (int dimension : new int[] {1, 7, DIMENSION, 64, 65, ENTRIES}) {
            for (DataType type : new DataType[] {DataType.DOUBLE, DataType.FLOAT}) {
                Projection projection = kind.draw(SIZES, dimension, type, 3);
                INDArray z = normal(1, type, dimension);
                INDArray g = normal(2, type, ENTRIES);
                double size = z.norm2Number().doubleValue() * g.norm2Number().doubleValue();
                assertEquals(
                        product(g, expand(projection, z)),
                        product(pullBack(projection, g), z),
                        (type == DataType.DOUBLE ? 1e-14 : 1e-6) * size,
                        dimension + " of " + type);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ProjectionKind.class)
    void viewsAreReadAndWrittenWhereTheyAre(ProjectionKind kind) {
        for (DataType type : new DataType[] {DataType.DOUBLE, DataType.FLOAT}) {
            Projection projection = kind.draw(SIZES, DIMENSION, type, 3);
            INDArray z = normal(1, type, DIMENSION);
            INDArray g = normal(2, type, ENTRIES);
            INDArray larger = Nd4j.zeros(type, ENTRIES + 30);
            INDArray view = larger.get(NDArrayIndex.interval(13, 13 + ENTRIES));
            projection.expand(z, view);
            assertEquals(expand(projection, z), view);
            assertEquals(0, larger.getDouble(12));
            assertEquals(0, larger.getDouble(13 + ENTRIES));
            view.assign(g);
            assertEquals(pullBack(projection, g), pullBack(projection, view));
        }
    }

    @ParameterizedTest
    @CsvSource({"DENSE, 1e-13", "SPARSE, 1e-13", "FASTFOOD, 0.05"})
    void directionsHaveTheLengthOne(ProjectionKind kind, double tolerance) {
        Projection projection = kind.draw(SIZES, DIMENSION, DataType.DOUBLE, 3);
        double[][] columns = columns(projection);
        double largest = 0;
        for (int i = 0; i < DIMENSION; i++) {
            for (int j = 0; j <= i; j++) {
                double product = 0;
                for (int k = 0; k < ENTRIES; k++) {
                    product += columns[i][k] * columns[j][k];
                }
                if (i == j) {
                    assertEquals(1, Math.sqrt(product), tolerance, "length of direction " + i);
                } else {
                    largest = Math.max(largest, Math.abs(product));
                }
            }
        }
        // Four standard deviations of a random angle, for 1,225 pairs; sparse directions meet in fewer entries.
        assertTrue(largest < (kind == ProjectionKind.SPARSE ? 0.3 : 0.1), "largest product " + largest);
        assertTrue(largest > 1e-3, "directions are random, not orthogonal: " + largest);
    }

    private static double[][] columns(Projection projection) {
        double[][] columns = new double[projection.dimension()][];
        for (int k = 0; k < columns.length; k++) {
            INDArray unit = Nd4j.zeros(DataType.DOUBLE, columns.length);
            unit.putScalar(k, 1);
            columns[k] = expand(projection, unit).data().asDouble();
        }
        return columns;
    }

    @ParameterizedTest
    @EnumSource(ProjectionKind.class)
    void theSameSeedGivesTheSameProjection(ProjectionKind kind) {
        INDArray z = normal(1, DataType.DOUBLE, DIMENSION);
        INDArray first = expand(kind.draw(SIZES, DIMENSION, DataType.DOUBLE, 3), z);
        assertEquals(
                0,
                first.sub(expand(kind.draw(SIZES, DIMENSION, DataType.DOUBLE, 3), z))
                        .normmaxNumber()
                        .doubleValue());
        double between = first.distance2(expand(kind.draw(SIZES, DIMENSION, DataType.DOUBLE, 4), z))
                / z.norm2Number().doubleValue();
        assertEquals(Math.sqrt(2), between, 0.3, "another seed gives another subspace");
    }

    /** A saved z is worth nothing without these numbers: they must never change. */
    @ParameterizedTest
    @CsvSource({
        "FASTFOOD, 1.8057352621731040, 0.054469223478998520, 2516.8752519709440",
        "DENSE, 2.5386446075045120, -5.0532277063112570, 128.22996433521070",
        "SPARSE, -1.8510272069563882, 7.0634655639200880, 746.61738534035610",
    })
    void theStreamIsPinned(ProjectionKind kind, double first, double last, double sum) {
        INDArray theta = expand(
                kind.draw(SIZES, DIMENSION, DataType.DOUBLE, 1804_08838L),
                Nd4j.createFromArray(java.util.stream.IntStream.range(0, DIMENSION)
                        .mapToDouble(i -> 1 + i)
                        .toArray()));
        double[] entries = theta.data().asDouble();
        double weighted = 0;
        for (int i = 0; i < ENTRIES; i++) {
            weighted += (i % 7) * entries[i];
        }
        assertArrayEquals(
                new double[] {first, last, sum},
                new double[] {entries[0], entries[ENTRIES - 1], weighted},
                1e-12,
                String.format(Locale.ROOT, "%.17g, %.17g, %.17g", entries[0], entries[ENTRIES - 1], weighted));
    }

    @ParameterizedTest
    @EnumSource(ProjectionKind.class)
    void zeroStaysWhereItIs(ProjectionKind kind) {
        Projection projection = kind.draw(SIZES, DIMENSION, DataType.FLOAT, 3);
        assertEquals(
                0,
                expand(projection, Nd4j.zeros(DataType.FLOAT, DIMENSION))
                        .normmaxNumber()
                        .doubleValue());
    }

    /** Only in smaller networks does a direction miss all entries, or a tensor have one entry. */
    @Test
    void sparseDirectionsOfTinyNetworksAreNeverEmpty() {
        Projection projection = ProjectionKind.SPARSE.draw(new int[] {3, 1}, 200, DataType.DOUBLE, 3);
        for (double[] column : columns(projection)) {
            assertEquals(1, Math.sqrt(Arrays.stream(column).map(x -> x * x).sum()), 1e-14);
        }
    }

    /** In a tensor of n entries, sqrt(n) of a direction's are not 0, and their squares sum up to n on average. */
    @Test
    void sparseDirectionsHaveThePublishedDensity() {
        int[] sizes = {40_000, 900};
        Projection projection = ProjectionKind.SPARSE.draw(sizes, 400, DataType.DOUBLE, 3);
        double large = 0;
        double small = 0;
        double squaresOfLarge = 0;
        double positive = 0;
        for (double[] column : columns(projection)) {
            for (int i = 0; i < column.length; i++) {
                if (column[i] != 0 && i < sizes[0]) {
                    large++;
                    squaresOfLarge += column[i] * column[i];
                    positive += column[i] > 0 ? 1 : 0;
                } else if (column[i] != 0) {
                    small++;
                }
            }
        }
        assertEquals(200, large / 400, 3);
        assertEquals(30, small / 400, 1.2);
        assertEquals(40_000 / 40_900.0, squaresOfLarge / 400, 0.01);
        assertEquals(0.5, positive / large, 0.01);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 7, 10})
    void theFastTransformIsTheSlowOne(int log) {
        int n = 1 << log;
        double[] x = new Random(1).doubles(n).toArray();
        double[] slow = new double[n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                slow[i] += (Integer.bitCount(i & j) % 2 == 0 ? 1 : -1) * x[j];
            }
        }
        double[] inPlace = x.clone();
        WalshHadamard.transform(inPlace);
        assertArrayEquals(slow, inPlace, 1e-12 * n);
        WalshHadamard transform = new WalshHadamard(log);
        int width = transform.columns().length;
        for (int i = 0; i < n; i++) {
            transform.rows()[i / width][i % width] = x[i];
        }
        transform.toColumns();
        for (int i = 0; i < n; i++) {
            assertEquals(slow[i], transform.columns()[i % width][i / width], 1e-12 * n);
        }
        transform.toRows();
        for (int i = 0; i < n; i++) {
            assertEquals(n * x[i], transform.rows()[i / width][i % width], 1e-11 * n, "twice is n times");
        }
    }

    @Test
    void theNextPowerOfTwo() {
        int[] logs = {1, 0, 2, 1, 3, 2, 4, 2, 5, 3, 199_210, 18, 1 << 18, 18, (1 << 18) + 1, 19, 1 << 30, 30};
        for (int i = 0; i < logs.length; i += 2) {
            assertEquals(logs[i + 1], WalshHadamard.log(logs[i]), "of " + logs[i]);
        }
    }

    @Test
    void memoryIsStatedAndCompared() {
        int[] sizes = {784 * 200, 200, 200 * 200, 200, 200 * 10, 10};
        ProjectionMemory dense = ProjectionKind.DENSE.memory(sizes, 750, DataType.FLOAT);
        assertEquals("597,630,000 bytes outside the heap", dense.text());
        assertEquals(
                28.0 * (1 << 18),
                ProjectionKind.FASTFOOD.memory(sizes, 750, DataType.FLOAT).bytes());
        ProjectionMemory sparse = ProjectionKind.SPARSE.memory(sizes, 750, DataType.FLOAT);
        assertTrue(sparse.heap() && sparse.bytes() > 7e6 && sparse.bytes() < 9e6, sparse::text);
        dense.require("It", "Less.", 597_630_000);
        String message = assertThrows(LowRankException.class, () -> dense.require("It", "Less.", 597_629_999))
                .getMessage();
        assertEquals(
                "It takes 597,630,000 bytes outside the heap, and 597,629,999 are available there. Less. Raise"
                        + " -Dorg.bytedeco.javacpp.maxbytes if the machine has more.",
                message);
        assertTrue(sparse.available() > 0 && dense.available() > 0);
        assertFalse(dense.heap());
    }
}
