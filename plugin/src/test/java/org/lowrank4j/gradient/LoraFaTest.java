package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Factors;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Loldu;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.SwitchLora;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.Vera;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.WeightDecay;

class LoraFaTest {

    private static final double SCALE = 0.7;

    @ParameterizedTest
    @CsvSource({"7,5,3", "4,9,1", "5,5,5", "6,1,1", "1,6,1"})
    void theGradientOfBAgreesWithFiniteDifferences(int inputs, int outputs, int rank) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, SCALE, Map.of());
        TargetUpdate update = attach(problem);
        Factors factors = problem.factors();
        update.start(factors);
        INDArray base = problem.target.weight().sub(product(factors));
        INDArray[] gradients = problem.gradients(update);
        assertEquals(1, gradients.length, "A has no gradient");
        double h = 1e-6;
        for (int i = 0; i < rank; i++) {
            for (int j = 0; j < outputs; j++) {
                double value = factors.b().getDouble(i, j);
                factors.b().putScalar(i, j, value + h);
                double above = problem.loss(base.add(product(factors)));
                factors.b().putScalar(i, j, value - h);
                double below = problem.loss(base.add(product(factors)));
                factors.b().putScalar(i, j, value);
                double numeric = (above - below) / (2 * h);
                assertEquals(numeric, gradients[0].getDouble(i, j), 1e-6 * Math.max(1, Math.abs(numeric)));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"9,6,3", "6,9,2", "5,5,5", "6,1,1"})
    void aStepOfSgdProjectsTheGradientOnTheColumnsOfA(int inputs, int outputs, int rank) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, SCALE, Map.of());
        TargetUpdate update = attach(problem);
        Factors factors = problem.factors();
        update.start(factors);
        INDArray basis = ThinSvd.of(factors.a()).u();
        INDArray projected = basis.mmul(basis.transpose()).mmul(problem.gradientOfWeight());
        INDArray before = problem.target.weight().dup();
        new Problem.Run(problem, update, new Sgd(0.01)).step();
        double error = distance(projected.mul(-0.01), problem.target.weight().sub(before));
        assertTrue(error <= 1e-8 * projected.normmaxNumber().doubleValue(), "error " + error);
    }

    @Test
    void dependentColumnsOfADoNotBreakTheStep() {
        Problem problem = new Problem(DataType.DOUBLE, 8, 6, 4, 1, Map.of());
        TargetUpdate update = attach(problem);
        INDArray a = problem.gaussian(DataType.DOUBLE, 8, 2).mmul(problem.gaussian(DataType.DOUBLE, 2, 4));
        a.putColumn(3, Nd4j.zeros(DataType.DOUBLE, 8));
        update.start(new Factors(a, problem.gaussian(DataType.DOUBLE, 4, 6)));
        INDArray basis = ThinSvd.of(a).left(0, 1);
        INDArray projected = basis.mmul(basis.transpose()).mmul(problem.gradientOfWeight());
        INDArray before = problem.target.weight().dup();
        new Problem.Run(problem, update, new Sgd(0.01)).step();
        assertTrue(distance(projected.mul(-0.01), problem.target.weight().sub(before)) <= 1e-6);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void onlyBMovesAndTheWeightWithIt(DataType type) {
        Problem problem = new Problem(type, 9, 6, 3, SCALE, Map.of());
        TargetUpdate lora = new Lora().attach(problem.target);
        TargetUpdate update = new LoraFa().approximate(lora, problem.target);
        Factors factors = problem.factors();
        update.start(factors);
        INDArray base = problem.target.weight().castTo(DataType.DOUBLE).sub(product(factors));
        double lossBefore = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        for (int i = 0; i < 40; i++) {
            run.step();
        }
        assertEquals(factors.a().castTo(type), lora.tensors().get(0).value(), "A");
        assertNotEquals(factors.b().castTo(type), lora.tensors().get(1).value(), "B");
        INDArray b = update.tensors().get(0).value().castTo(DataType.DOUBLE);
        INDArray held = base.add(product(new Factors(factors.a(), b)));
        double rounding = type == DataType.FLOAT ? 1e-4 : 1e-12;
        assertTrue(distance(held, problem.target.weight().castTo(DataType.DOUBLE)) <= rounding);
        assertTrue(problem.loss(problem.target.weight()) < 0.8 * lossBefore);
    }

    @Test
    void aStepOfZerosChangesNoBit() {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 3, 2, Map.of());
        TargetUpdate update = attach(problem);
        update.start(problem.factors());
        INDArray before = problem.target.weight().dup('f');
        update.step(new INDArray[] {Nd4j.zeros(DataType.FLOAT, 3, 6)});
        assertArrayEquals(
                before.data().asFloat(), problem.target.weight().dup('f').data().asFloat());
    }

    @Test
    void weightDecayActsOnBAfterTheStepAndL2OnTheGradient() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 5, 2, 1, Map.of());
        TargetUpdate update = attach(problem);
        Factors factors = problem.factors();
        update.start(factors);
        INDArray[] gradients = problem.gradients(update);
        INDArray before = gradients[0].dup();
        update.regularise(new L2Regularization(0.25), gradients, new double[] {0.1}, 0, 0);
        assertTrue(distance(before.add(factors.b().mul(0.25)), gradients[0]) <= 1e-14);

        INDArray expected = factors.b().sub(gradients[0]).mul(1 - 0.1 * 0.5);
        update.regularise(new WeightDecay(0.5, true), gradients, new double[] {0.1}, 0, 0);
        update.step(gradients);
        INDArray b = update.tensors().get(0).value();
        assertTrue(distance(expected, b) <= 1e-14);
        INDArray after = b.dup();
        update.step(new INDArray[] {Nd4j.zeros(DataType.DOUBLE, 2, 5)});
        assertEquals(after, b, "the term belongs to that step only");
    }

    @Test
    void trainingResumesBitForBit() {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of());
        TargetUpdate update = attach(problem);
        update.start(problem.factors());
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        run.step();
        run.assertResumes(3, LoraFaTest::attach);
    }

    @Test
    void trainedFactorsAreNeeded() {
        for (LowRankUpdate other : List.of(new FullWeight(), new SwitchLora(), new Vera(), new Loldu())) {
            assertTrue(new LoraFa().refusal(other).isPresent(), other.name());
        }
    }

    private static TargetUpdate attach(Problem problem) {
        return new LoraFa().approximate(new Lora().attach(problem.target), problem.target);
    }

    private static INDArray product(Factors factors) {
        return factors.a().mmul(factors.b()).muli(SCALE);
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
