package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.gradient.GaLore;
import org.lowrank4j.initialisation.Initialisation;
import org.lowrank4j.initialisation.LolduStart;
import org.lowrank4j.initialisation.LoraSb;
import org.lowrank4j.initialisation.LoraXsStart;
import org.lowrank4j.method.Factors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/** What holds for every update that trains a little between fixed factors. */
class FixedFactorsTest {

    /**
     * An update and its start.
     *
     * @param initialisation null if the start is part of the update
     */
    record Training(LowRankUpdate method, @Nullable Initialisation initialisation) {

        TargetUpdate attach(Problem problem) {
            return method.attach(problem.target);
        }

        void start(Problem problem, TargetUpdate update) {
            if (initialisation == null) {
                update.start();
            } else {
                problem.start(update, initialisation);
            }
        }

        @Override
        public String toString() {
            return method.name() + (initialisation == null ? "" : " from " + initialisation.name());
        }
    }

    static Stream<Training> updates() {
        return Stream.of(
                new Training(new LoraXs(), new LoraXsStart()),
                new Training(new LoraXs(), new LoraSb()),
                new Training(new Loldu(), new LolduStart()),
                new Training(new Vera(), null));
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
    void gradientsAgreeWithFiniteDifferences(Training training, int inputs, int outputs, int rank) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, 0.7, Map.of());
        TargetUpdate update = training.attach(problem);
        training.start(problem, update);
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
    void aStepOfZerosChangesNoBit(Training training) {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 3, 2, Map.of());
        TargetUpdate update = training.attach(problem);
        training.start(problem, update);
        new Problem.Run(problem, update, new Adam(0.01)).step();
        INDArray before = problem.target.weight().dup('f');
        update.step(zeros(update));
        assertArrayEquals(
                before.data().asFloat(), problem.target.weight().dup('f').data().asFloat());
    }

    @ParameterizedTest
    @MethodSource("updates")
    void itLearns(Training training) {
        Problem problem = new Problem(DataType.FLOAT, 10, 8, 4, 1, Map.of());
        TargetUpdate update = training.attach(problem);
        training.start(problem, update);
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
    void trainingResumesBitForBit(Training training) {
        Problem problem = new Problem(DataType.FLOAT, 6, 5, 2, 1, Map.of());
        TargetUpdate update = training.attach(problem);
        training.start(problem, update);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        run.step();
        run.step();
        run.assertResumes(3, training::attach);
    }

    @ParameterizedTest
    @MethodSource("updates")
    void attachingAloneMovesNothing(Training training) {
        Problem problem = new Problem(DataType.FLOAT, 6, 5, 2, 1, Map.of());
        INDArray before = problem.target.weight().dup();
        training.attach(problem);
        assertEquals(before, problem.target.weight());
    }

    @ParameterizedTest
    @MethodSource("updates")
    void foreignStatesAndProjectionsAreRefused(Training training) {
        Problem problem = new Problem(DataType.FLOAT, 6, 5, 2, 1, Map.of());
        TargetUpdate update = training.attach(problem);
        Map<String, INDArray> foreign = Map.of("projector", problem.x);
        assertThrows(LowRankException.class, () -> update.kept().restore(foreign));
        assertTrue(new GaLore().refusal(training.method()).isPresent());
    }

    @ParameterizedTest
    @CsvSource({"lora-xs, R (2 x 2)", "loldu, z (1 x 2)"})
    void factorsWithoutTheirCoreAreRefused(String name, String core) {
        CoreUpdate method = name.equals("loldu") ? new Loldu() : new LoraXs();
        assertEquals(name, method.defaultInitialisation());
        Problem problem = new Problem(DataType.FLOAT, 6, 5, 2, 1, Map.of());
        TargetUpdate update = method.attach(problem.target);
        LowRankException refused = assertThrows(LowRankException.class, () -> update.start(problem.factors()));
        assertTrue(refused.getMessage().contains("update=" + name), refused.getMessage());
        assertTrue(refused.getMessage().contains("a core " + core), refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"5, 2, 2, 5, A, 6 x 2, 5 x 2", "6, 2, 3, 5, B, 2 x 5, 3 x 5", "6, 2, 2, 5, R, 2 x 2, 1 x 2"})
    void factorsOfOtherShapesAreRefused(
            int rowsOfA, int columnsOfA, int rowsOfB, int columnsOfB, String name, String wanted, String given) {
        Problem problem = new Problem(DataType.FLOAT, 6, 5, 2, 1, Map.of());
        TargetUpdate update = new LoraXs().attach(problem.target);
        Factors factors = new Factors(
                        Nd4j.zeros(DataType.FLOAT, rowsOfA, columnsOfA),
                        Nd4j.zeros(DataType.FLOAT, rowsOfB, columnsOfB))
                .withCore(Nd4j.zeros(DataType.FLOAT, name.equals("R") ? 1 : 2, 2));
        LowRankException refused = assertThrows(LowRankException.class, () -> update.start(factors));
        assertTrue(
                refused.getMessage().startsWith("The starting " + name + " of layer layer0 must be " + wanted + " for"),
                refused.getMessage());
        assertTrue(refused.getMessage().endsWith("and it is " + given + "."), refused.getMessage());
    }
}
