package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.gradient.NormDescent.Of;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.regularization.WeightDecay;

class NormDescentTest {

    /** The largest inner product with G that length 1 allows, and nobody finds a longer one. */
    @ParameterizedTest
    @EnumSource(Of.class)
    void theStepHasLengthOneAndTheDualLengthAlongTheGradient(Of of) {
        for (int[] sides : new int[][] {{9, 6}, {6, 9}, {7, 7}, {5, 1}, {1, 5}}) {
            INDArray gradient = new Problem(DataType.DOUBLE, sides[0], sides[1], 1, 1, Map.of()).gradientOfWeight();
            INDArray step = gradient.dup('f');
            double dual = NormDescent.makeUnit(of, step);
            assertEquals(dual, inner(gradient, step), 1e-10 * dual, of + " along G");
            assertEquals(1, length(of, step), 1e-12, "length of the step by " + of);
            INDArray other = new Problem(DataType.DOUBLE, sides[0], sides[1], 1, 1, Map.of())
                    .gaussian(DataType.DOUBLE, sides[0], sides[1]);
            assertTrue(inner(gradient, other) / length(of, other) < dual, "another step is steeper");
        }
    }

    private static double inner(INDArray one, INDArray other) {
        return one.mul(other).sumNumber().doubleValue();
    }

    private static double length(Of of, INDArray step) {
        double aspect = Math.sqrt((double) step.size(0) / step.size(1));
        double largest = ThinSvd.of(step).singularValues()[0];
        return switch (of) {
            case RMS -> aspect * largest;
            case SPECTRAL -> largest;
            case ENTRY -> step.normmaxNumber().doubleValue();
            case ROW -> step.norm2(1).maxNumber().doubleValue() / Math.sqrt(step.size(1));
            case COLUMN -> step.norm2(0).maxNumber().doubleValue();
            case FROBENIUS -> step.norm2Number().doubleValue();
        };
    }

    @ParameterizedTest
    @EnumSource(Of.class)
    void whatTheGradientDoesNotTouchStandsStill(Of of) {
        INDArray gradient = new Problem(DataType.FLOAT, 9, 6, 1, 1, Map.of()).gradientOfWeight();
        gradient.getRow(3).assign(0);
        INDArray step = gradient.dup('f');
        NormDescent.makeUnit(of, step);
        assertEquals(0, step.getRow(3).normmaxNumber().doubleValue(), 1e-5, "a row without gradient");
        gradient.assign(0);
        assertEquals(0, NormDescent.makeUnit(of, gradient));
        assertEquals(0, gradient.normmaxNumber().doubleValue());
    }

    /** Few examples make a gradient of low rank, whose other singular vectors are rounding. */
    @Test
    void roundingIsNoDirection() {
        Problem problem = new Problem(DataType.FLOAT, 40, 30, 1, 1, Map.of());
        INDArray gradient = problem.gaussian(DataType.FLOAT, 40, 3).mmul(problem.gaussian(DataType.FLOAT, 3, 30));
        INDArray step = gradient.dup('f');
        NormDescent.makeUnit(Of.SPECTRAL, step);
        assertEquals(3, Math.pow(step.norm2Number().doubleValue(), 2), 1e-4, "sum of the squared singular values");
    }

    @ParameterizedTest
    @CsvSource({"unit", "dual", "joint"})
    void trainingResumesBitForBitAndLearns(String length) {
        double rate = length.equals("unit") ? 0.02 : 0.0005;
        Map<String, String> options = Map.of("norm.length", length);
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, options);
        double before = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, norm(problem), new Adam(rate), new WeightDecay(0.01, true));
        for (int i = 0; i < 60; i++) {
            run.step();
        }
        run.assertResumes(6, NormDescentTest::norm);
        double after = problem.loss(problem.target.weight());
        assertTrue(after < 0.5 * before, "from " + before + " to " + after);
    }

    /** The decay of the user is no part of the step that the lengths of the layers are for. */
    @Test
    void decayIsNotMultipliedByTheLength() {
        INDArray[] moved = new INDArray[2];
        for (int i = 0; i < 2; i++) {
            Problem problem =
                    new Problem(DataType.DOUBLE, 8, 6, 2, 1, Map.of("norm.length", i == 0 ? "dual" : "joint"));
            new Problem.Run(problem, norm(problem), new Adam(0.001), new WeightDecay(0.5, true)).step();
            moved[i] = problem.target.weight();
        }
        assertTrue(moved[0].sub(moved[1]).normmaxNumber().doubleValue() < 1e-14);
    }

    @Test
    void whatItCannotServeIsRefused() {
        assertTrue(new NormDescent().refusal(new Lora()).isPresent());
        Problem problem = new Problem(DataType.DOUBLE, 8, 6, 2, 1, Map.of("norm.of", "nuclear"));
        String message =
                assertThrows(LowRankException.class, () -> norm(problem)).getMessage();
        assertTrue(message.contains("rms, spectral, entry, row, column, frobenius"), message);
    }

    private static TargetUpdate norm(Problem problem) {
        return new NormDescent().approximate(new FullWeight().attach(problem.target), problem.target);
    }
}
