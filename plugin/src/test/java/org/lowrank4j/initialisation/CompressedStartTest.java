package org.lowrank4j.initialisation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.quantisation.NormalFloat;
import org.lowrank4j.quantisation.Quantiser;
import org.lowrank4j.quantisation.UniformGrid;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Starts that make up for compression: EoRA and LoftQ. */
class CompressedStartTest {

    private static final double EXACT = 1e-10;
    private static final String LAYER = "layer0";

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"14, 9, 3, 50, 1", "8, 16, 4, 40, 2.5", "10, 10, 1, 30, 0.5", "20, 7, 3, 11, 1", "6, 1, 1, 9, 1"})
    void theErrorOfTheOutputsIsTheTailOfTheSpectrumAndNoPlainSvdIsBetter(
            int inputs, int outputs, int rank, int rows, double scale) {
        INDArray x = correlated(rows, inputs);
        INDArray residual = gaussian(inputs, outputs, 2).muli(0.1);
        SecondMoment moment = new SecondMoment(inputs);
        moment.observe(x);
        Eigenspace eigenspace = Eigenspace.of(moment.mean());
        assertEquals(Math.min(rows, inputs), eigenspace.dimension());

        Factors factors = eigenspace.compensation(residual, rank, scale);
        double error = outputError(x, residual.sub(product(factors, scale)));
        double[] values = ThinSvd.of(x.mmul(residual).divi(Math.sqrt(rows))).singularValues();
        double tail = 0;
        for (int i = rank; i < values.length; i++) {
            tail += values[i] * values[i];
        }
        double none = outputError(x, residual);
        assertEquals(Math.sqrt(tail), error, EXACT * none);
        double plain = outputError(x, residual.sub(ThinSvd.of(residual).truncated(rank)));
        assertTrue(error <= plain + EXACT * none, error + " against " + plain);
        assertTrue(plain <= none);
        // What the eigenspace says of errors is what the outputs say.
        assertEquals(none, eigenspace.outputError(residual), EXACT * none);
        assertEquals(error, eigenspace.outputError(residual.sub(product(factors, scale))), EXACT * none);
    }

    @Test
    void noOtherFactorsOfTheSameRankErrLess() {
        INDArray x = correlated(40, 9);
        INDArray residual = gaussian(9, 7, 2);
        SecondMoment moment = new SecondMoment(9);
        moment.observe(x);
        Factors best = Eigenspace.of(moment.mean()).compensation(residual, 2, 1);
        double least = outputError(x, residual.sub(product(best, 1)));
        for (int i = 0; i < 100; i++) {
            Factors other = new Factors(
                    best.a().add(gaussian(9, 2, 10 + i).muli(0.02)),
                    best.b().add(gaussian(2, 7, 200 + i).muli(0.02)));
            assertTrue(outputError(x, residual.sub(product(other, 1))) > least);
        }
    }

    @Test
    void batchesAddUpToTheMeanOverAllRows() {
        INDArray x = correlated(31, 6);
        SecondMoment whole = new SecondMoment(6);
        whole.observe(x);
        SecondMoment parts = new SecondMoment(6);
        parts.observe(x.getRows(range(0, 5)));
        parts.observe(x.getRows(range(5, 31)).castTo(DataType.FLOAT));
        assertEquals(31, parts.rows());
        assertTrue(distance(x.transpose().mmul(x).divi(31), whole.mean()) <= 1e-13);
        assertTrue(distance(whole.mean(), parts.mean()) <= 1e-5);
    }

    @Test
    void anEigenspaceWithoutInputsIsRefused() {
        SecondMoment moment = new SecondMoment(4);
        assertTrue(refusal(moment::mean).contains("have no rows"));
        moment.observe(Nd4j.zeros(DataType.DOUBLE, 3, 4));
        assertTrue(refusal(() -> Eigenspace.of(moment.mean())).contains("all 0"));
        assertTrue(refusal(() -> moment.observe(Nd4j.zeros(3, 5))).contains("[3, 5]"));
        moment.observe(Nd4j.valueArrayOf(new long[] {1, 4}, Double.POSITIVE_INFINITY, DataType.DOUBLE));
        assertTrue(refusal(moment::mean).contains("NaN or infinite"));
        SecondMoment wide = new SecondMoment(50_000);
        assertTrue(refusal(() -> wide.observe(Nd4j.ones(1, 50_000))).contains("the limit is 46340"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"DOUBLE", "FLOAT"})
    void eoraMovesTheCompressedWeightTowardsTheOriginal(DataType type) {
        INDArray original = gaussian(12, 8, 1).castTo(type);
        INDArray compressed = new UniformGrid(2).quantised(original).castTo(type);
        INDArray x = correlated(60, 12).castTo(type);
        for (double scale : new double[] {1, 4}) {
            Factors full = eora(original, compressed, x, 8, scale);
            double tolerance = type == DataType.DOUBLE ? EXACT : 1e-5;
            INDArray moved = product(full, scale).add(full.base().castTo(DataType.DOUBLE));
            assertTrue(distance(original.castTo(DataType.DOUBLE), moved) <= tolerance, "full rank restores W");
            assertEquals(compressed, full.base());
        }
    }

    @Test
    void eoraWithFewerRowsThanInputsRestoresTheOutputsAndLetsAllPairsLearn() {
        INDArray original = gaussian(20, 9, 1);
        INDArray compressed = new UniformGrid(3).quantised(original);
        INDArray x = correlated(4, 20);
        Factors factors = eora(original, compressed, x, 9, 1);
        INDArray moved = compressed.add(product(factors, 1));
        assertTrue(outputError(x, original.sub(moved)) <= EXACT);
        // Nothing is known outside of the rows' span, so nothing is changed there.
        INDArray outside = gaussian(20, 1, 9);
        INDArray basis = ThinSvd.of(x).vt();
        outside.subi(basis.transpose().mmul(basis.mmul(outside)));
        assertTrue(
                outside.transpose().mmul(moved.sub(compressed)).normmaxNumber().doubleValue() <= EXACT);
        for (int pair = 0; pair < 9; pair++) {
            double ofA = factors.a().getColumn(pair).normmaxNumber().doubleValue();
            double ofB = factors.b().getRow(pair).normmaxNumber().doubleValue();
            assertTrue(ofA > 1e-4, "column " + pair);
            assertEquals(pair < 4, ofB > 1e-4, "row " + pair);
        }
    }

    @Test
    void whereNothingWasLostEoraStartsAsLora() {
        INDArray weight = gaussian(7, 5, 1);
        Factors factors = eora(weight, weight, correlated(20, 7), 3, 1);
        assertEquals(0, factors.b().normmaxNumber().doubleValue());
        double bound = Kaiming.bound(7);
        for (int pair = 0; pair < 3; pair++) {
            double largest = factors.a().getColumn(pair).normmaxNumber().doubleValue();
            assertTrue(largest > 0 && largest <= bound);
        }
        assertNotEquals(factors.a().getColumn(0), factors.a().getColumn(1));
    }

    @Test
    void eoraExplainsWhatItNeeds() {
        Eora eora = new Eora();
        String unset = refusal(() -> eora.statistics(target(gaussian(5, 4, 1), Map.of())));
        assertTrue(unset.contains("eora.original must be given: the path of the model zip"), unset);
        assertEquals(Initialisation.Need.INPUTS, eora.need());
        assertEquals(8, eora.batches(new OptionValues(eora, Map.of())));
        assertEquals(3, eora.batches(new OptionValues(eora, Map.of("eora.batches", "3"))));
        assertEquals(OptionalDouble.of(6), eora.defaultAlpha(6));
        String missing = refusal(() -> eora.statistics(target(
                gaussian(5, 4, 1),
                Map.of("eora.original", folder.resolve("gone.zip").toString()))));
        assertTrue(missing.contains("eora.original: there is no file " + folder.resolve("gone.zip")), missing);
    }

    @ParameterizedTest
    @CsvSource({"nf4, 4, 1", "nf4, 4, 3", "nf2, 2, 1", "nf3, 3, 2", "uniform, 2, 2", "uniform, 8, 1"})
    void loftqErrsByTheTailAndByLessWithMoreRank(String quantiser, int bits, int iterations) {
        INDArray weight = gaussian(24, 16, 3);
        INDArray before = weight.dup();
        Map<String, String> options = Map.of(
                "loftq.quantiser", quantiser,
                "loftq.bits", Integer.toString(bits),
                "loftq.iterations", Integer.toString(iterations));
        Quantiser same = quantiser.startsWith("nf") ? new NormalFloat(bits, 64) : new UniformGrid(bits);
        double larger = Double.POSITIVE_INFINITY;
        for (int rank : new int[] {1, 4, 9, 16}) {
            Factors factors = new Loftq().start(loftq(weight, rank, 0.5, options));
            INDArray residual = weight.sub(factors.base());
            double[] values = ThinSvd.of(residual).singularValues();
            double tail = 0;
            for (int i = rank; i < values.length; i++) {
                tail += values[i] * values[i];
            }
            double error = residual.sub(product(factors, 0.5)).norm2Number().doubleValue();
            assertEquals(Math.sqrt(tail), error, EXACT);
            if (iterations == 1) {
                assertEquals(same.quantised(weight), factors.base(), "the first base is W, quantised");
                assertTrue(error <= larger, "rank " + rank);
            }
            larger = error;
        }
        assertTrue(larger <= EXACT, "full rank restores W");
        assertEquals(before, weight);
    }

    @Test
    void laterIterationsQuantiseWhatTheFactorsLeave() {
        INDArray weight = gaussian(24, 16, 3);
        Map<String, String> options = new HashMap<>(Map.of("loftq.quantiser", "uniform", "loftq.bits", "3"));
        Factors first = new Loftq().start(loftq(weight, 4, 2, options));
        options.put("loftq.iterations", "2");
        Factors second = new Loftq().start(loftq(weight, 4, 2, options));
        assertEquals(new UniformGrid(3).quantised(weight.sub(product(first, 2))), second.base());
        assertNotEquals(first.base(), second.base());
    }

    @Test
    void loftqOfACompressedNetworkKeepsItsWeightAsBase() {
        INDArray original = gaussian(9, 12, 1);
        INDArray compressed = new UniformGrid(3).quantised(original);
        Map<String, String> options =
                Map.of("loftq.original", OriginalZip.of(original).toString());
        Factors factors = new Loftq().start(loftq(compressed, 4, 2, options));
        assertSame(compressed, factors.base());
        INDArray best = ThinSvd.of(original.sub(compressed)).truncated(4);
        assertTrue(distance(best, product(factors, 2)) <= EXACT);
        assertEquals(OptionalDouble.of(5), new Loftq().defaultAlpha(5));
    }

    @Test
    void aWeightOnTheGridLeavesNothingToSplitAndYetLearns() {
        INDArray weight = new NormalFloat(4, 64).quantised(gaussian(8, 8, 1));
        Factors factors = new Loftq().start(loftq(weight, 2, 1, Map.of()));
        assertEquals(weight, factors.base());
        assertEquals(0, factors.b().normmaxNumber().doubleValue());
        assertTrue(factors.a().getColumn(1).normmaxNumber().doubleValue() > 0);
    }

    @Test
    void loftqRefusesQuantisersThatThereAreNot() {
        INDArray weight = gaussian(5, 4, 1);
        Loftq loftq = new Loftq();
        String bits = refusal(() -> loftq.start(loftq(weight, 2, 1, Map.of("loftq.bits", "3"))));
        assertTrue(bits.contains("nf4 has 4 bits, and loftq.bits=3"), bits);
        assertTrue(bits.contains("nf2, nf3 or nf4, or uniform for 2 to 8 bits"), bits);
        String grid = refusal(
                () -> loftq.start(loftq(weight, 2, 1, Map.of("loftq.bits", "9", "loftq.quantiser", "uniform"))));
        assertTrue(grid.contains("2 to 8 bits"), grid);
        String name = refusal(() -> loftq.start(loftq(weight, 2, 1, Map.of("loftq.quantiser", "int3"))));
        assertTrue(name.contains("one of nf2, nf3, nf4, uniform"), name);
    }

    @Test
    void theOriginalIsReadAgainOnlyWhenItChanged() throws IOException {
        Path file = folder.resolve("original.zip");
        INDArray original = gaussian(9, 12, 1);
        OriginalZip.write(original, file);
        INDArray compressed = new UniformGrid(3).quantised(original);
        Map<String, String> options = Map.of("loftq.original", file.toString());
        Factors before = new Loftq().start(loftq(compressed, 4, 1, options));
        INDArray other = gaussian(9, 12, 5);
        OriginalZip.write(other.castTo(DataType.FLOAT), file);
        Factors after = new Loftq().start(loftq(compressed, 4, 1, options));
        assertNotEquals(before.a(), after.a());
        assertTrue(distance(ThinSvd.of(other.sub(compressed)).truncated(4), product(after, 1)) <= 1e-6);
    }

    private static Factors eora(INDArray original, INDArray compressed, INDArray x, int rank, double scale) {
        Eora eora = new Eora();
        TargetWeight target = target(
                compressed, Map.of("eora.original", OriginalZip.of(original).toString()));
        InputStatistics inputs = eora.statistics(target);
        inputs.observe(x);
        return eora.start(new Start(
                LAYER,
                compressed,
                rank,
                rank * scale,
                scale,
                0.1,
                null,
                inputs,
                new Random(3),
                target.optionsOf(eora)));
    }

    private static TargetWeight target(INDArray weight, Map<String, String> options) {
        return Given.target(LAYER, weight, 1, 1, 1, 1, options);
    }

    private static Start loftq(INDArray weight, int rank, double scale, Map<String, String> options) {
        return new Start(
                LAYER,
                weight,
                rank,
                rank * scale,
                scale,
                0.1,
                null,
                null,
                new Random(3),
                new OptionValues(new Loftq(), options));
    }

    private static String refusal(Runnable refused) {
        return assertThrows(LowRankException.class, refused::run).getMessage();
    }

    /** The root of the mean squared error of the rows of outputs. */
    private static double outputError(INDArray x, INDArray error) {
        return x.mmul(error).norm2Number().doubleValue() / Math.sqrt(x.size(0));
    }

    private static INDArray product(Factors factors, double scale) {
        return factors.a().mmul(factors.b()).muli(scale);
    }

    /** Rows whose features differ in size and hang together. */
    private static INDArray correlated(int rows, int columns) {
        INDArray shared = gaussian(rows, 1, 5).mmul(gaussian(1, columns, 6));
        double[] sizes = new double[columns];
        for (int i = 0; i < columns; i++) {
            sizes[i] = Math.pow(0.1, (double) i / columns);
        }
        return gaussian(rows, columns, 4).addi(shared).muliRowVector(Nd4j.createFromArray(sizes));
    }

    private static int[] range(int from, int to) {
        return IntStream.range(from, to).toArray();
    }

    private static INDArray gaussian(int rows, int columns, long seed) {
        Random random = new Random(seed);
        return Draws.matrix(rows, columns, random::nextGaussian);
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
