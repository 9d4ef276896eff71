package org.lowrank4j.decomposition;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class IncrementalPcaTest {

    private static final double EXACT = 1e-10;

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 20, 60})
    void batchesWithoutTruncationGiveTheComponentsOfAllRows(int perBatch) {
        INDArray rows = rows(60, 9, 1);
        INDArray before = rows.dup();
        IncrementalPca pca = new IncrementalPca(9, 9, new Random(1));
        for (int first = 0; first < 60; first += perBatch) {
            pca.add(rows.get(NDArrayIndex.interval(first, Math.min(60, first + perBatch)), NDArrayIndex.all()));
        }
        assertExact(rows, pca);
        assertEquals(before, rows, "batches must stay as they are");
    }

    @Test
    void theOrderOfBatchesDoesNotMatterWithoutTruncation() {
        INDArray rows = rows(45, 6, 2);
        IncrementalPca pca = new IncrementalPca(6, 6, new Random(1));
        for (int first : new int[] {30, 0, 15}) {
            pca.add(rows.get(NDArrayIndex.interval(first, first + 15), NDArrayIndex.all()));
        }
        assertExact(rows, pca);
    }

    @Test
    void floatsGiveTheComponentsOfTheirValues() {
        INDArray rows = rows(30, 5, 3).castTo(DataType.FLOAT);
        IncrementalPca pca = new IncrementalPca(5, 5, new Random(1));
        pca.add(rows);
        assertExact(rows.castTo(DataType.DOUBLE), pca);
    }

    /** The directions, singular values, shares and mean are those of a decomposition of all centred rows. */
    private static void assertExact(INDArray rows, IncrementalPca pca) {
        INDArray mean = rows.mean(0);
        ThinSvd exact = ThinSvd.of(rows.subRowVector(mean));
        double total = Arrays.stream(exact.singularValues()).map(v -> v * v).sum();
        assertEquals(rows.size(0), pca.rows());
        assertArrayEquals(mean.toDoubleVector(), pca.mean(), EXACT);
        assertArrayEquals(exact.singularValues(), pca.singularValues(), EXACT * exact.singularValues()[0]);
        assertArrayEquals(
                Arrays.stream(exact.singularValues()).map(v -> v * v / total).toArray(),
                pca.explainedVarianceRatios(),
                EXACT);
        assertEquals(exact.size(), pca.varying());
        assertTrue(largest(exact.vt().transpose().sub(pca.components())) <= 1e-8);
    }

    @Test
    void rowsOfFewDirectionsLoseNothingByTruncation() {
        // 3 directions around a mean far from 0: 3 components are all there is.
        INDArray rows =
                rows(40, 3, 4).mmul(rows(3, 12, 5)).addiRowVector(rows(1, 12, 6).muli(100));
        IncrementalPca pca = new IncrementalPca(12, 4, new Random(1));
        for (int first = 0; first < 40; first += 8) {
            pca.add(rows.get(NDArrayIndex.interval(first, first + 8), NDArrayIndex.all()));
        }
        ThinSvd exact = ThinSvd.of(rows.subRowVector(rows.mean(0)));
        assertEquals(3, pca.varying());
        assertEquals(1, Arrays.stream(pca.explainedVarianceRatios()).sum(), EXACT);
        assertTrue(largest(projector(exact.vt().transpose(), 3).sub(projector(pca.components(), 3))) <= 1e-8);
    }

    @Test
    void truncationKeepsTheShareOfAllVariance() {
        INDArray rows = rows(50, 8, 7);
        IncrementalPca all = new IncrementalPca(8, 8, new Random(1));
        IncrementalPca two = new IncrementalPca(8, 2, new Random(1));
        all.add(rows);
        two.add(rows);
        assertEquals(2, two.size());
        assertArrayEquals(Arrays.copyOf(all.explainedVarianceRatios(), 2), two.explainedVarianceRatios(), EXACT);
        assertTrue(largest(all.components().getColumns(0, 1).sub(two.components())) <= EXACT);
    }

    @Test
    void fewerRowsThanComponentsAreAStart() {
        INDArray rows = rows(10, 6, 8);
        IncrementalPca pca = new IncrementalPca(6, 6, new Random(1));
        pca.add(rows.get(NDArrayIndex.interval(0, 2), NDArrayIndex.all()));
        assertEquals(2, pca.size());
        pca.add(rows.get(NDArrayIndex.interval(2, 10), NDArrayIndex.all()));
        assertExact(rows, pca);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.1, -1e9})
    void rowsThatNeverChangeHaveNoVariance(double value) {
        IncrementalPca pca = new IncrementalPca(5, 3, new Random(1));
        for (int i = 0; i < 3; i++) {
            pca.add(Nd4j.valueArrayOf(new long[] {7, 5}, value, DataType.DOUBLE));
        }
        assertEquals(3, pca.size());
        assertEquals(0, pca.varying());
        assertArrayEquals(new double[3], pca.explainedVarianceRatios());
        assertArrayEquals(new double[] {value, value, value, value, value}, pca.mean());
        INDArray gram = pca.components().transpose().mmul(pca.components());
        assertTrue(largest(gram.sub(Nd4j.eye(3).castTo(DataType.DOUBLE))) <= EXACT, "orthonormal all the same");
    }

    @Test
    void aFarMeanCostsNoAccuracy() {
        INDArray rows = rows(40, 4, 9);
        IncrementalPca near = new IncrementalPca(4, 4, new Random(1));
        IncrementalPca far = new IncrementalPca(4, 4, new Random(1));
        for (int first = 0; first < 40; first += 10) {
            INDArray batch = rows.get(NDArrayIndex.interval(first, first + 10), NDArrayIndex.all());
            near.add(batch);
            far.add(batch.add(1e6));
        }
        assertArrayEquals(near.singularValues(), far.singularValues(), 1e-8);
    }

    @Test
    void largeBatchesAreDecomposedAtRandomFromTheirSeed() {
        // 6 directions in 530 x 520: a randomised decomposition of 2 x 5 directions is exact.
        INDArray rows = rows(530, 6, 10).mmul(rows(6, 520, 11));
        IncrementalPca pca = new IncrementalPca(520, 5, new Random(1));
        IncrementalPca same = new IncrementalPca(520, 5, new Random(1));
        pca.add(rows);
        same.add(rows);
        ThinSvd exact = ThinSvd.of(rows.subRowVector(rows.mean(0)));
        assertEquals(5, pca.size());
        assertTrue(largest(exact.right(0, 1, 2, 3, 4).transpose().sub(pca.components())) <= 1e-8);
        assertEquals(same.components(), pca.components());
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 513})
    void theSeedOnlyMattersBeyondTheSizeOfAnExactDecomposition(int features) {
        // A flat spectrum, of which a randomised decomposition finds something else with every seed.
        INDArray rows = Nd4j.eye(features).castTo(DataType.DOUBLE);
        rows.muliRowVector(Nd4j.linspace(1, 1.1, features, DataType.DOUBLE));
        IncrementalPca one = new IncrementalPca(features, 2, new Random(1));
        IncrementalPca other = new IncrementalPca(features, 2, new Random(2));
        one.add(rows);
        other.add(rows);
        double difference = Math.abs(one.singularValues()[0] - other.singularValues()[0]);
        assertEquals(features > 512, difference > 0, "difference " + difference);
    }

    @Test
    void whatDoesNotFitIsRefused() {
        LowRankException refused = assertThrows(LowRankException.class, () -> new IncrementalPca(4, 5, new Random(1)));
        assertTrue(refused.getMessage().contains("1 to 4"), refused.getMessage());
        assertThrows(LowRankException.class, () -> new IncrementalPca(4, 0, new Random(1)));
        IncrementalPca pca = new IncrementalPca(4, 2, new Random(1));
        refused = assertThrows(LowRankException.class, () -> pca.add(rows(3, 5, 1)));
        assertTrue(refused.getMessage().contains("4 features, and a batch has 5"), refused.getMessage());
        INDArray notFinite = rows(3, 4, 1);
        notFinite.putScalar(2, 3, Double.POSITIVE_INFINITY);
        assertThrows(LowRankException.class, () -> pca.add(notFinite));
        assertEquals(0, pca.rows(), "a refused batch is not counted");
    }

    private static INDArray projector(INDArray columns, int count) {
        INDArray leading = columns.get(NDArrayIndex.all(), NDArrayIndex.interval(0, count));
        return leading.mmul(leading.transpose());
    }

    private static double largest(INDArray array) {
        return array.normmaxNumber().doubleValue();
    }

    /** Rows whose features vary by different amounts around different means. */
    private static INDArray rows(int count, int features, long seed) {
        Random random = new Random(seed);
        double[] entries = new double[count * features];
        for (int i = 0; i < entries.length; i++) {
            entries[i] = random.nextGaussian() * (1 + i % features) + i % features;
        }
        return Nd4j.create(entries, new long[] {count, features}, 'c');
    }
}
