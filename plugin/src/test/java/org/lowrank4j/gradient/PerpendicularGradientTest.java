package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TrainedTensor;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;

class PerpendicularGradientTest {

    @ParameterizedTest
    @ValueSource(strings = {"yes", "no"})
    void theGradientIsPerpendicularAndStillDescends(String rescale) {
        Problem problem = new Problem(DataType.DOUBLE, 8, 6, 2, 1, Map.of("perpgrad.rescale", rescale));
        TargetUpdate update =
                new PerpendicularGradient().approximate(new FullWeight().attach(problem.target), problem.target);
        INDArray original = problem.gradientOfWeight();
        INDArray[] gradients = problem.gradients(update);
        update.beforeUpdater(gradients, new INDArray[1]);
        assertEquals(0, dot(problem.target.weight(), gradients[0]), 1e-12 * norm(original));
        assertTrue(dot(original, gradients[0]) > 0, "a step along it descends");
        assertTrue(norm(gradients[0]) <= norm(original) * (1 + 1e-12));
        if (rescale.equals("yes")) {
            assertEquals(norm(original), norm(gradients[0]), 1e-12 * norm(original));
        } else {
            assertTrue(norm(gradients[0]) < norm(original) * (1 - 1e-6), "something was taken out");
        }
    }

    @Test
    void withSgdTheLengthOfAWeightGrowsOnlyByTheSquareOfTheStep() {
        Problem problem = new Problem(DataType.DOUBLE, 8, 6, 2, 1, Map.of());
        TargetUpdate update =
                new PerpendicularGradient().approximate(new FullWeight().attach(problem.target), problem.target);
        double before = norm(problem.target.weight());
        INDArray step = new Problem.Run(problem, update, new Sgd(0.01)).step()[0];
        double after = norm(problem.target.weight());
        assertEquals(before * before + norm(step) * norm(step), after * after, 1e-12 * after * after);
    }

    @Test
    void everyTensorIsTakenByItself() {
        Problem problem = new Problem(DataType.DOUBLE, 8, 6, 2, 0.5, Map.of());
        TargetUpdate update =
                new PerpendicularGradient().approximate(new Lora().attach(problem.target), problem.target);
        update.start(problem.factors());
        INDArray[] gradients = problem.gradients(update);
        INDArray[] original = {gradients[0].dup('f'), gradients[1].dup('c')};
        update.beforeUpdater(gradients, new INDArray[2]);
        for (int i = 0; i < 2; i++) {
            TrainedTensor tensor = update.tensors().get(i);
            INDArray value = tensor.value();
            INDArray expected = original[i].sub(value.mul(dot(value, original[i]) / dot(value, value)));
            assertTrue(expected.sub(gradients[i]).normmaxNumber().doubleValue() <= 1e-12, tensor.name());
        }
    }

    @Test
    void aTensorOfZerosKeepsItsGradient() {
        INDArray gradient = new Problem(DataType.FLOAT, 4, 3, 1, 1, Map.of()).gradientOfWeight();
        INDArray original = gradient.dup();
        PerpendicularGradient.project(gradient.like(), gradient, false);
        assertEquals(original, gradient);
    }

    /** Rounding must not be blown up to the length of the gradient. */
    @ParameterizedTest
    @ValueSource(strings = {"FLOAT", "DOUBLE"})
    void aParallelGradientBecomesZeroThoughRescaled(DataType type) {
        INDArray weight = new Problem(type, 40, 30, 1, 1, Map.of()).target.weight();
        INDArray gradient = weight.mul(-2.7);
        PerpendicularGradient.project(weight, gradient, true);
        assertEquals(0, gradient.normmaxNumber().doubleValue());
    }

    @Test
    void itLearns() {
        Problem problem = new Problem(DataType.DOUBLE, 8, 6, 2, 1, Map.of());
        double before = problem.loss(problem.target.weight());
        TargetUpdate update =
                new PerpendicularGradient().approximate(new FullWeight().attach(problem.target), problem.target);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.02));
        for (int i = 0; i < 200; i++) {
            run.step();
        }
        double after = problem.loss(problem.target.weight());
        assertTrue(after < 0.7 * before, "from " + before + " to " + after);
    }

    @Test
    void aGradientWithoutATensorIsRefused() {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of());
        TargetUpdate galore = new GaLore().approximate(new FullWeight().attach(problem.target), problem.target);
        LowRankException refused = assertThrows(
                LowRankException.class, () -> new PerpendicularGradient().approximate(galore, problem.target));
        assertTrue(refused.getMessage().contains("layer0"), refused.getMessage());
    }

    private static double dot(INDArray one, INDArray other) {
        return one.mul(other).sumNumber().doubleValue();
    }

    private static double norm(INDArray array) {
        return array.norm2Number().doubleValue();
    }
}
