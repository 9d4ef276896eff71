package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.initialisation.Kaiming;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.WeightDecay;

class LoraTest {

    @ParameterizedTest
    @CsvSource({"lora,7,5,3", "lora,4,9,1", "lora,3,3,3", "lora,6,1,1", "lora,1,6,1", "switchlora,7,5,3"})
    void gradientsAgreeWithFiniteDifferences(String method, int inputs, int outputs, int rank) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, 0.7, Map.of());
        TargetUpdate update = (method.equals("lora") ? new Lora() : new SwitchLora()).attach(problem.target);
        Factors factors = problem.factors();
        update.start(factors);
        INDArray base = problem.target.weight().sub(product(factors).muli(0.7));
        INDArray[] gradients = problem.gradients(update);

        double h = 1e-6;
        for (int tensor = 0; tensor < 2; tensor++) {
            INDArray factor = tensor == 0 ? factors.a() : factors.b();
            for (int i = 0; i < factor.size(0); i++) {
                for (int j = 0; j < factor.size(1); j++) {
                    double value = factor.getDouble(i, j);
                    factor.putScalar(i, j, value + h);
                    double above = problem.loss(base.add(product(factors).muli(0.7)));
                    factor.putScalar(i, j, value - h);
                    double below = problem.loss(base.add(product(factors).muli(0.7)));
                    factor.putScalar(i, j, value);
                    double numeric = (above - below) / (2 * h);
                    assertEquals(numeric, gradients[tensor].getDouble(i, j), 1e-6 * Math.max(1, Math.abs(numeric)));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void aStepMovesTheWeightByTheChangeOfTheProduct(DataType type) {
        Problem problem = new Problem(type, 8, 6, 2, 1.5, Map.of());
        TargetUpdate update = new Lora().attach(problem.target);
        update.start(problem.factors());
        INDArray before = problem.target.weight().dup();
        INDArray a = value(update, 0).dup();
        INDArray b = value(update, 1).dup();
        INDArray[] steps = {problem.gaussian(type, 8, 2).dup('f'), problem.gaussian(type, 2, 6)};
        INDArray expectedA = a.sub(steps[0]);
        INDArray expectedB = b.sub(steps[1]);

        update.step(steps);

        assertEquals(expectedA, value(update, 0));
        assertEquals(expectedB, value(update, 1));
        INDArray expected = before.add(expectedA.mmul(expectedB).subi(a.mmul(b)).muli(1.5));
        assertTrue(distance(expected, problem.target.weight()) <= (type == DataType.FLOAT ? 2e-5 : 1e-13));
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void aStepOfZerosChangesNoBit(DataType type) {
        Problem problem = new Problem(type, 8, 6, 3, 2, Map.of());
        TargetUpdate update = new Lora().attach(problem.target);
        update.start(problem.factors());
        INDArray before = problem.target.weight().dup('f');
        INDArray[] zeros = {Nd4j.zeros(type, 8, 3).dup('f'), Nd4j.zeros(type, 3, 6)};
        update.step(zeros);
        assertArrayEquals(
                before.data().asDouble(),
                problem.target.weight().dup('f').data().asDouble());
    }

    @Test
    void theFirstStepFromTheUsualStartChangesOnlyB() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 4, 2, 1, Map.of());
        TargetUpdate update = new Lora().attach(problem.target);
        update.start(kaiming(problem));
        INDArray a = value(update, 0).dup();
        INDArray b = value(update, 1).dup();
        new Problem.Run(problem, update, new Adam(0.01)).step();
        assertEquals(a, value(update, 0));
        assertNotEquals(b, value(update, 1));
    }

    @Test
    void theChangeOfTheWeightStaysWithinTheRankAndLowersTheLoss() {
        Problem problem = new Problem(DataType.DOUBLE, 10, 8, 2, 1, Map.of());
        INDArray before = problem.target.weight().dup();
        double lossBefore = problem.loss(before);
        TargetUpdate update = new Lora().attach(problem.target);
        update.start(kaiming(problem));
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.02));
        for (int i = 0; i < 60; i++) {
            run.step();
        }
        double[] values = ThinSvd.of(problem.target.weight().sub(before)).singularValues();
        assertTrue(values[1] > 1e-3);
        assertTrue(values[2] <= 1e-13 * values[0], "the third singular value is " + values[2]);
        assertTrue(problem.loss(problem.target.weight()) < 0.8 * lossBefore);
        INDArray held = before.add(value(update, 0).mmul(value(update, 1)));
        assertTrue(distance(held, problem.target.weight()) <= 1e-13);
    }

    @Test
    void neitherOrderNorViewsOfTheDataMatter() {
        Problem problem = new Problem(DataType.FLOAT, 7, 5, 2, 1, Map.of());
        TargetUpdate update = new Lora().attach(problem.target);
        update.start(problem.factors());
        INDArray[] expected = problem.gradients(update);
        INDArray delta = problem.delta();
        INDArray wide = Nd4j.create(DataType.FLOAT, 14, 9).assign(3);
        INDArray view = wide.get(NDArrayIndex.interval(1, 13), NDArrayIndex.interval(2, 9));
        view.assign(problem.x);
        INDArray[][] data = {
            {problem.x.dup('f'), delta.dup('c')},
            {problem.x.dup('c'), delta.dup('f')},
            {view, delta},
            {problem.x.transpose().dup().transpose(), delta.transpose().dup().transpose()}
        };
        for (INDArray[] pair : data) {
            INDArray[] views = problem.views(update);
            update.gradient(new OuterProduct(pair[0], pair[1]), views);
            assertTrue(distance(expected[0], views[0]) <= 1e-4);
            assertTrue(distance(expected[1], views[1]) <= 1e-4);
        }
    }

    @Test
    void gradientsAreSumsOverTheExamples() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 4, 2, 1, Map.of());
        TargetUpdate update = new Lora().attach(problem.target);
        update.start(problem.factors());
        INDArray[] all = problem.gradients(update);
        INDArray[] sum = {all[0].mul(0), all[1].mul(0)};
        INDArray delta = problem.delta();
        for (int i = 0; i < problem.x.size(0); i++) {
            INDArray[] one = problem.views(update);
            update.gradient(
                    new OuterProduct(
                            problem.x.get(NDArrayIndex.interval(i, i + 1), NDArrayIndex.all()),
                            delta.get(NDArrayIndex.interval(i, i + 1), NDArrayIndex.all())),
                    one);
            sum[0].addi(one[0]);
            sum[1].addi(one[1]);
        }
        assertTrue(distance(all[0], sum[0]) <= 1e-12);
        assertTrue(distance(all[1], sum[1]) <= 1e-12);
    }

    @Test
    void trainingResumesBitForBit() {
        Problem problem = new Problem(DataType.FLOAT, 6, 5, 2, 1, Map.of());
        TargetUpdate update = new Lora().attach(problem.target);
        update.start(kaiming(problem));
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        run.step();
        run.step();
        run.assertResumes(3, copy -> new Lora().attach(copy.target));
    }

    @Test
    void whatDoesNotFitIsRefused() {
        Problem problem = new Problem(DataType.FLOAT, 6, 5, 2, 1, Map.of());
        TargetUpdate update = new Lora().attach(problem.target);
        Factors swapped = new Factors(Nd4j.zeros(2, 6), Nd4j.zeros(5, 2));
        LowRankException shape = assertThrows(LowRankException.class, () -> update.start(swapped));
        assertEquals(
                "The factor A of layer layer0 must be 6 x 2 (nIn=6, nOut=5, rank=2), and it is 2 x 6 of FLOAT.",
                shape.getMessage());
        Map<String, INDArray> half = Map.of("A", Nd4j.zeros(6, 2));
        LowRankException missing =
                assertThrows(LowRankException.class, () -> update.kept().restore(half));
        assertTrue(missing.getMessage().contains("has no array B; it has A"), missing.getMessage());
    }

    @Test
    void regularisationActsOnTheFactors() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 5, 2, 1, Map.of());
        TargetUpdate update = new Lora().attach(problem.target);
        update.start(problem.factors());
        INDArray[] gradients = problem.gradients(update);
        INDArray expected = gradients[1].add(value(update, 1).mul(0.25));
        update.regularise(new L2Regularization(0.25), gradients, new double[] {0.1, 0.1}, 0, 0);
        assertTrue(distance(expected, gradients[1]) <= 1e-14);
    }

    @Test
    void decayFollowsTheRateOfEachTensor() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 5, 2, 1, Map.of());
        TargetUpdate update = new Lora().attach(problem.target);
        update.start(problem.factors());
        INDArray[] steps = {Nd4j.zeros(DataType.DOUBLE, 6, 2).dup('f'), Nd4j.zeros(DataType.DOUBLE, 2, 5)};
        update.regularise(new WeightDecay(0.5, true), steps, new double[] {0.1, 1.6}, 0, 0);
        assertTrue(distance(value(update, 0).mul(0.05), steps[0]) <= 1e-15);
        assertTrue(distance(value(update, 1).mul(0.8), steps[1]) <= 1e-15);
    }

    @Test
    void theUsersUpdaterIsUsedAsItIs() {
        Problem problem = new Problem(DataType.FLOAT, 6, 5, 2, 1, Map.of());
        TargetUpdate update = new Lora().attach(problem.target);
        Sgd users = new Sgd(0.1);
        assertSame(users, update.updater(update.tensors().get(0), users));
        assertFalse(update.movesUpdaterState());
        assertTrue(update.tensors().get(1).outputSide());
        assertFalse(update.tensors().get(0).outputSide());
    }

    private static Factors kaiming(Problem problem) {
        return new Kaiming()
                .start(Given.start(
                        problem.target.weight(),
                        problem.target.rank(),
                        problem.target.alpha(),
                        problem.target.scale(),
                        null,
                        new Random(3),
                        new OptionValues(new Kaiming(), Map.of())));
    }

    private static INDArray product(Factors factors) {
        return factors.a().mmul(factors.b());
    }

    private static INDArray value(TargetUpdate update, int tensor) {
        return update.tensors().get(tensor).value();
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
