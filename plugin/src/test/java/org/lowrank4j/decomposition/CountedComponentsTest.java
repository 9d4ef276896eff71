package org.lowrank4j.decomposition;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Against the analysis of the rows themselves. */
class CountedComponentsTest {

    private static double[] counts(String text) {
        return Arrays.stream(text.split(" ")).mapToDouble(Double::parseDouble).toArray();
    }

    private static INDArray rows(double[] counts) {
        INDArray rows = Nd4j.zeros(DataType.DOUBLE, (long) Arrays.stream(counts).sum(), counts.length);
        int row = 0;
        for (int place = 0; place < counts.length; place++) {
            for (int i = 0; i < counts[place]; i++) {
                rows.putScalar(row++, place, 1);
            }
        }
        return rows;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "5 3 2 1",
                "1 9 4 4 4 0 2 2 0",
                "3 3 3 3",
                "0 0 7",
                "1000 1 999 1 1 2 0 500",
                "1 2 3 4 5 6 7 8 9 10 11 12",
                "0 2"
            })
    void areThoseOfTheRows(String text) {
        double[] counts = counts(text);
        CountedComponents counted = new CountedComponents(counts, counts.length);
        IncrementalPca analysed = new IncrementalPca(counts.length, counts.length, new Random(1));
        INDArray rows = rows(counts);
        analysed.add(rows);
        int varying = counted.varying();
        assertEquals(varying, analysed.varying());
        double largest = Math.max(1, analysed.singularValues()[0]);
        assertArrayEquals(
                Arrays.copyOf(analysed.singularValues(), varying),
                Arrays.copyOf(counted.singularValues(), varying),
                1e-9 * largest);
        assertArrayEquals(
                Arrays.copyOf(analysed.explainedVarianceRatios(), varying),
                Arrays.copyOf(counted.explainedVarianceRatios(), varying),
                1e-9);
        INDArray v = counted.components();
        assertTrue(
                v.transpose().mmul(v).sub(Nd4j.eye(counts.length)).amaxNumber().doubleValue() < 1e-9, v::toString);
        INDArray centred = rows.subRowVector(rows.mean(0));
        INDArray covariance = centred.transpose().mmul(centred);
        double[] values = counted.singularValues();
        INDArray squares = Nd4j.createFromArray(
                Arrays.stream(values).map(value -> value * value).toArray());
        double error =
                covariance.mmul(v).sub(v.mulRowVector(squares)).amaxNumber().doubleValue();
        assertTrue(error < 1e-9 * largest * largest, () -> "the vectors are off by " + error);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8})
    void theFirstOfThemAreKept(int kept) {
        double[] counts = counts("1 9 4 4 4 0 2 2 0");
        CountedComponents all = new CountedComponents(counts, counts.length);
        CountedComponents some = new CountedComponents(counts, kept);
        assertArrayEquals(Arrays.copyOf(all.singularValues(), kept), some.singularValues());
        assertEquals(
                0,
                all.components()
                        .getColumns(IntStream.range(0, kept).toArray())
                        .sub(some.components())
                        .amaxNumber()
                        .doubleValue());
    }
}
