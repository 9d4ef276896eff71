package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.gradient.GaLore;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/** What holds for every update whose start is part of it. */
class OwnStartTest {

    static Stream<LowRankUpdate> updates() {
        return Stream.of(new LoraXs(), new Loldu(), new Vera());
    }

    static Stream<Arguments> shapes() {
        return updates()
                .flatMap(update -> Stream.of(
                        Arguments.of(update, 7, 5, 3),
                        Arguments.of(update, 4, 9, 2),
                        Arguments.of(update, 5, 5, 5),
                        Arguments.of(update, 6, 1, 1),
                        Arguments.of(update, 1, 6, 1)));
    }

    /**
     * W itself is the function of the trained tensors: a step of h in one entry moves W by h times its derivative, and
     * the gradient must be the derivative of the loss along it.
     */
    @ParameterizedTest
    @MethodSource("shapes")
    void gradientsAgreeWithFiniteDifferences(LowRankUpdate method, int inputs, int outputs, int rank) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, 0.7, Map.of());
        TargetUpdate update = method.attach(problem.target);
        update.start();
        randomStep(problem, update);
        INDArray[] gradients = problem.gradients(update);
        double h = 1e-6;
        for (int tensor = 0; tensor < gradients.length; tensor++) {
            for (int i = 0; i < gradients[tensor].size(0); i++) {
                for (int j = 0; j < gradients[tensor].size(1); j++) {
                    move(update, tensor, i, j, -h);
                    double above = problem.loss(problem.target.weight());
                    move(update, tensor, i, j, 2 * h);
                    double below = problem.loss(problem.target.weight());
                    move(update, tensor, i, j, -h);
                    double numeric = (above - below) / (2 * h);
                    assertEquals(
                            numeric,
                            gradients[tensor].getDouble(i, j),
                            1e-5 * Math.max(1, Math.abs(numeric)),
                            update.tensors().get(tensor).name() + " " + i + ", " + j);
                }
            }
        }
    }

    private static void randomStep(Problem problem, TargetUpdate update) {
        INDArray[] steps = problem.views(update);
        for (INDArray step : steps) {
            step.assign(problem.gaussian(DataType.DOUBLE, (int) step.size(0), (int) step.size(1)));
        }
        update.step(steps);
    }

    private static void move(TargetUpdate update, int tensor, int i, int j, double step) {
        INDArray[] steps = zeros(update);
        steps[tensor].putScalar(i, j, step);
        update.step(steps);
    }

    private static INDArray[] zeros(TargetUpdate update) {
        return update.tensors().stream()
                .map(tensor ->
                        Nd4j.zeros(tensor.value().dataType(), tensor.shape()).dup(tensor.order()))
                .toArray(INDArray[]::new);
    }

    @ParameterizedTest
    @MethodSource("updates")
    void aStepOfZerosChangesNoBit(LowRankUpdate method) {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 3, 2, Map.of());
        TargetUpdate update = method.attach(problem.target);
        update.start();
        new Problem.Run(problem, update, new Adam(0.01)).step();
        INDArray before = problem.target.weight().dup('f');
        update.step(zeros(update));
        assertArrayEquals(
                before.data().asFloat(), problem.target.weight().dup('f').data().asFloat());
    }

    @ParameterizedTest
    @MethodSource("updates")
    void itLearns(LowRankUpdate method) {
        Problem problem = new Problem(DataType.FLOAT, 10, 8, 4, 1, Map.of());
        TargetUpdate update = method.attach(problem.target);
        update.start();
        double before = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.02));
        for (int i = 0; i < 100; i++) {
            run.step();
        }
        double after = problem.loss(problem.target.weight());
        assertTrue(after < 0.95 * before, after + " after " + before);
    }

    @ParameterizedTest
    @MethodSource("updates")
    void trainingResumesBitForBit(LowRankUpdate method) {
        Problem problem = new Problem(DataType.FLOAT, 6, 5, 2, 1, Map.of());
        TargetUpdate update = method.attach(problem.target);
        update.start();
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        run.step();
        run.step();
        Problem copy = new Problem(DataType.FLOAT, 6, 5, 2, 1, Map.of());
        copy.target.weight().assign(problem.target.weight());
        TargetUpdate restored = method.attach(copy.target);
        restored.restore(update.state());
        Problem.Run resumed = run.continued(copy, restored);
        INDArray before = problem.target.weight().dup();
        for (int i = 0; i < 3; i++) {
            run.step();
            resumed.step();
        }
        assertNotEquals(before, problem.target.weight());
        assertArrayEquals(
                problem.target.weight().dup('f').data().asFloat(),
                copy.target.weight().dup('f').data().asFloat());
    }

    @ParameterizedTest
    @MethodSource("updates")
    void attachingAloneMovesNothing(LowRankUpdate method) {
        Problem problem = new Problem(DataType.FLOAT, 6, 5, 2, 1, Map.of());
        INDArray before = problem.target.weight().dup();
        method.attach(problem.target);
        assertEquals(before, problem.target.weight());
    }

    @ParameterizedTest
    @MethodSource("updates")
    void factorsAndForeignStatesAreRefused(LowRankUpdate method) {
        Problem problem = new Problem(DataType.FLOAT, 6, 5, 2, 1, Map.of());
        TargetUpdate update = method.attach(problem.target);
        assertFalse(method.hasFactors());
        assertFalse(method.trainsWeight());
        LowRankException refused = assertThrows(LowRankException.class, () -> update.start(problem.factors()));
        assertTrue(refused.getMessage().contains("update=" + method.name()), refused.getMessage());
        Map<String, INDArray> foreign = Map.of("projector", problem.x);
        assertThrows(LowRankException.class, () -> update.restore(foreign));
        assertThrows(LowRankException.class, () -> new GaLore().approximate(update, problem.target));
    }

    @Test
    void onlyTheWholeWeightIsTrainedItself() {
        assertTrue(new FullWeight().trainsWeight());
        assertFalse(new Lora().trainsWeight());
    }
}
