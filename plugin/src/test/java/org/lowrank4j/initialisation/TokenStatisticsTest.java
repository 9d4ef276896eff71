package org.lowrank4j.initialisation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.kind.Tokens;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.OptionValues;
import org.lowrank4j.method.TargetWeight;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Starts that learn from tokens come to what they come to on the rows for which the tokens stand. */
class TokenStatisticsTest {

    private static final int TOKENS = 9;
    private static final int[][] BATCHES = {{3, 3, 1, 8, 3, 0, 1}, {5, 3, 3, 1}};

    private static TargetWeight target(Map<String, String> options) {
        Random random = new Random(3);
        INDArray weight = Draws.matrix(TOKENS, 5, random::nextGaussian).dup('f');
        return Given.target("layer0", weight, 2, 2, 0.5, 5, options);
    }

    private static InputStatistics seen(Initialisation init, TargetWeight target, boolean asRows) {
        InputStatistics seen = init.statistics(target);
        for (int[] batch : BATCHES) {
            Tokens tokens = new Tokens(batch, TOKENS);
            if (asRows) {
                seen.observe(tokens.formed());
            } else {
                seen.observe(tokens);
            }
        }
        return seen;
    }

    private static INDArray product(Initialisation init, TargetWeight target, boolean asRows) {
        Factors factors = init.start(new Start(
                target.layer(),
                target.weight(),
                target.rank(),
                target.alpha(),
                target.scale(),
                Double.NaN,
                null,
                seen(init, target, asRows),
                target.random("start"),
                new OptionValues(init, target.options())));
        return init instanceof Eva ? projector(factors.a()) : factors.a().mmul(factors.b());
    }

    private static INDArray projector(INDArray a) {
        return a.mmul(a.transpose());
    }

    @ParameterizedTest
    @CsvSource({"ipm, max", "kpm, none"})
    void cordas(String mode, String normalise) {
        TargetWeight target = target(Map.of("corda.mode", mode, "corda.normalise", normalise));
        assertSame(product(new Corda(), target, true), product(new Corda(), target, false));
    }

    @Test
    void evas() {
        // With all components, or what the rows come to depends on how they came.
        TargetWeight target = target(Map.of("eva.rho", "4.5"));
        assertSame(product(new Eva(), target, true), product(new Eva(), target, false));
        assertEquals(
                ((Eva.PrincipalInputs) seen(new Eva(), target, true))
                        .components()
                        .explainedVarianceRatios()[1],
                ((Eva.PrincipalInputs) seen(new Eva(), target, false))
                        .components()
                        .explainedVarianceRatios()[1],
                1e-9);
    }

    @Test
    void eoras() {
        SecondMoment rows = new SecondMoment(TOKENS);
        SecondMoment tokens = new SecondMoment(TOKENS);
        for (int[] batch : BATCHES) {
            rows.observe(new Tokens(batch, TOKENS).formed());
            tokens.observe(new Tokens(batch, TOKENS));
        }
        Eigenspace ofRows = Eigenspace.of(rows.mean());
        Eigenspace ofTokens = Eigenspace.of(tokens.mean());
        assertEquals(ofRows.dimension(), ofTokens.dimension());
        INDArray residual = target(Map.of()).weight();
        assertEquals(ofRows.outputError(residual), ofTokens.outputError(residual), 1e-12);
        Factors expected = ofRows.compensation(residual, 2, 0.5);
        Factors actual = ofTokens.compensation(residual, 2, 0.5);
        assertSame(expected.a().mmul(expected.b()), actual.a().mmul(actual.b()));
    }

    /** A square of this vocabulary would have 10^12 entries. */
    @ParameterizedTest
    @CsvSource({"eva", "corda"})
    void nothingIsAsLargeAsTheSquareOfAVocabulary(String name) {
        Initialisation init = name.equals("eva") ? new Eva() : new Corda();
        INDArray weight = Nd4j.ones(DataType.FLOAT, 1_000_000, 2).castTo(DataType.FLOAT);
        TargetWeight target = Given.target("layer0", weight, 1, 1, 1, 5, Map.of());
        InputStatistics seen = init.statistics(target);
        seen.observe(new Tokens(new int[] {999_999, 7, 7}, 1_000_000));
        Factors factors = init.start(new Start(
                "layer0", weight, 1, 1, 1, Double.NaN, null, seen, new Random(1), new OptionValues(init, Map.of())));
        assertTrue(Double.isFinite(factors.a().sumNumber().doubleValue()));
    }

    private static void assertSame(INDArray expected, INDArray actual) {
        double error = expected.sub(actual).amaxNumber().doubleValue();
        assertTrue(error < 1e-9 * expected.amaxNumber().doubleValue(), () -> "off by " + error);
    }
}
