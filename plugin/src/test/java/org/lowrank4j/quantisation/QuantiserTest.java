package org.lowrank4j.quantisation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.DoubleStream;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class QuantiserTest {

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4})
    void theLevelsOfNormalFloatAreQuantilesOfTheNormalDistribution(int bits) {
        NormalDistribution normal = new NormalDistribution(null, 0, 1);
        double[] positive = quantiles(normal, 1 << (bits - 1));
        double[] negative = quantiles(normal, (1 << (bits - 1)) - 1);
        double[] expected = DoubleStream.concat(
                        DoubleStream.of(0),
                        DoubleStream.concat(
                                Arrays.stream(positive), Arrays.stream(negative).map(value -> -value)))
                .sorted()
                .map(value -> value / positive[0])
                .toArray();
        assertArrayEquals(expected, new NormalFloat(bits, 64).levels(), 1e-12);
    }

    /** Phi^-1 at that many evenly spaced probabilities, from the published offset towards, but without, 1/2. */
    private static double[] quantiles(NormalDistribution normal, int count) {
        double offset = 0.9677083;
        double[] quantiles = new double[count];
        for (int i = 0; i < count; i++) {
            quantiles[i] = normal.inverseCumulativeProbability(offset + i * (0.5 - offset) / count);
        }
        return quantiles;
    }

    @Test
    void normalFloatScalesBlockByBlockDownTheColumns() {
        INDArray weight = Nd4j.create(new double[][] {{2, 0.1}, {0.9, -0.1}, {-2, 0.05}, {1.4, 0}});
        INDArray quantised = new NormalFloat(4, 4).quantised(weight);
        double[] levels = new NormalFloat(4, 4).levels();
        assertEquals(2, quantised.getDouble(0, 0));
        assertEquals(2 * levels[12], quantised.getDouble(1, 0));
        assertEquals(-2, quantised.getDouble(2, 0));
        assertEquals(2 * levels[14], quantised.getDouble(3, 0));
        assertEquals(0.1, quantised.getDouble(0, 1));
        assertEquals(0.1 * levels[12], quantised.getDouble(2, 1));
        assertEquals(0, quantised.getDouble(3, 1));
        INDArray pairs = new NormalFloat(4, 2).quantised(weight);
        assertEquals(2 * levels[12], pairs.getDouble(1, 0));
        assertEquals(0.05, pairs.getDouble(2, 1), "the largest of its block is exact");
    }

    @Test
    void everyEntryOfANarrowNormalFloatGoesToTheNearestLevelOfItsBlock() {
        INDArray weight = gaussian(8, 5);
        for (int bits = 2; bits <= 3; bits++) {
            NormalFloat quantiser = new NormalFloat(bits, 8);
            INDArray quantised = quantiser.quantised(weight);
            for (int j = 0; j < weight.size(1); j++) {
                double largest = weight.getColumn(j).normmaxNumber().doubleValue();
                for (int i = 0; i < weight.size(0); i++) {
                    double entry = weight.getDouble(i, j);
                    double least = Arrays.stream(quantiser.levels())
                            .map(level -> Math.abs(level * largest - entry))
                            .min()
                            .orElseThrow();
                    assertEquals(least, Math.abs(quantised.getDouble(i, j) - entry), 1e-12);
                }
            }
        }
    }

    @Test
    void aShortLastBlockAndABlockOfZerosAreQuantisedToo() {
        INDArray weight = Nd4j.create(new double[] {0, 0, 0, 3, -3}, new long[] {5, 1}, 'c');
        assertEquals(weight, new NormalFloat(4, 3).quantised(weight));
        assertEquals(weight, new NormalFloat(4, Integer.MAX_VALUE).quantised(weight));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 8})
    void aUniformGridHasItsLevelsAndErrsByHalfAStep(int bits) {
        INDArray weight = gaussian(40, 30);
        INDArray before = weight.dup();
        INDArray quantised = new UniformGrid(bits).quantised(weight);
        assertEquals(before, weight);
        double mean = weight.meanNumber().doubleValue();
        double reach = 2 * weight.stdNumber().doubleValue();
        double step = 2 * reach / ((1 << bits) - 1);
        Set<Long> used = new HashSet<>();
        for (int i = 0; i < weight.size(0); i++) {
            for (int j = 0; j < weight.size(1); j++) {
                double level = (quantised.getDouble(i, j) - (mean - reach)) / step;
                assertEquals(Math.rint(level), level, 1e-5, "on the grid");
                used.add(Math.round(level));
                double clipped = Math.max(mean - reach, Math.min(mean + reach, weight.getDouble(i, j)));
                assertEquals(clipped, quantised.getDouble(i, j), 0.5 * step + 2e-8);
            }
        }
        assertEquals(0, Collections.min(used));
        assertEquals((1 << bits) - 1, Collections.max(used));
        assertTrue(used.size() == 1 << bits || bits == 8, () -> "levels used: " + used);
    }

    @Test
    void aConstantWeightIsItsOwnGrid() {
        INDArray weight = Nd4j.valueArrayOf(new long[] {3, 4}, 0.5, DataType.DOUBLE);
        assertEquals(weight, new UniformGrid(2).quantised(weight));
        INDArray single = Nd4j.valueArrayOf(new long[] {1, 1}, -0.25, DataType.DOUBLE);
        assertEquals(single, new UniformGrid(8).quantised(single));
        assertEquals(single, new NormalFloat(4, 64).quantised(single));
    }

    @Test
    void floatsAreQuantisedInDouble() {
        INDArray weight = gaussian(8, 8).castTo(DataType.FLOAT);
        for (Quantiser quantiser : new Quantiser[] {new UniformGrid(4), new NormalFloat(4, 64)}) {
            assertEquals(DataType.DOUBLE, quantiser.quantised(weight).dataType());
            assertEquals(quantiser.quantised(weight.castTo(DataType.DOUBLE)), quantiser.quantised(weight));
        }
    }

    @Test
    void otherSizesAreRefused() {
        LowRankException refused = assertThrows(LowRankException.class, () -> new UniformGrid(9));
        assertTrue(refused.getMessage().contains("2 to 8 bits, and 9"), refused.getMessage());
        assertThrows(LowRankException.class, () -> new UniformGrid(1));
        assertThrows(LowRankException.class, () -> new NormalFloat(4, 0));
        assertThrows(LowRankException.class, () -> new NormalFloat(1, 64));
        assertThrows(LowRankException.class, () -> new NormalFloat(5, 64));
    }

    private static INDArray gaussian(int rows, int columns) {
        Random random = new Random(7);
        double[] entries = random.doubles((long) rows * columns)
                .map(uniform -> random.nextGaussian())
                .toArray();
        return Nd4j.create(entries, new long[] {rows, columns}, 'c');
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void normalCellsRoundANormalNumberTheBetterTheMoreBitsTheyHave(int bits) {
        NormalCells cells = NormalCells.of(bits);
        double[] codes = cells.codes();
        assertEquals(1 << bits, codes.length);
        for (int i = 0; i < codes.length; i++) {
            assertEquals(-codes[codes.length - 1 - i], codes[i], "symmetric");
            assertEquals(i, cells.indexOfNearest(codes[i]));
            assertTrue(i == 0 || codes[i] > codes[i - 1], "ascending");
        }
        Random random = new Random(3);
        double squares = 0;
        double most = Math.abs(codes[0]);
        for (int i = 0; i < 20_000; i++) {
            double number = random.nextGaussian();
            double nearest = cells.nearest(number);
            squares += Math.pow(number - nearest, 2) / 20_000;
            for (double code : codes) {
                assertTrue(Math.abs(number - nearest) <= Math.abs(number - code) + 1e-15);
            }
        }
        // One bit cannot do better than 1 - 2/pi = 0.363 (Lloyd and Max), and each further one divides by less than 4.
        assertTrue(squares < 0.4 * Math.pow(2.7, 1 - bits), squares + " with codes up to " + most);
        assertThrows(LowRankException.class, () -> NormalCells.of(9));
    }
}
