package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.method.Factors;
import org.lowrank4j.update.AdaLora;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.LoraXs;
import org.lowrank4j.update.LowRankUpdate;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.SwitchLora;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.ExponentialSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

class LoraProTest {

    private static final double SCALE = 0.7;
    private static final Map<String, String> FULL = Map.of("lora-pro.mode", "full");

    /** The full gradient is taken by finite differences of the loss, so that LoRA's own gradients are checked as well. */
    @ParameterizedTest
    @CsvSource({"9,6,3", "6,9,2", "5,5,5", "6,1,1", "1,6,1"})
    void theWeightMovesByTheProjectionOfTheGradient(int inputs, int outputs, int rank) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, SCALE, Map.of());
        TargetUpdate update = attach(problem);
        Factors factors = problem.factors();
        update.start(factors);
        INDArray full = numericGradient(problem);
        INDArray outside = complement(ThinSvd.of(factors.a()).u())
                .mmul(full)
                .mmul(complement(ThinSvd.of(factors.b()).vt().transpose()));
        INDArray[] gradients = problem.gradients(update);
        update.beforeUpdater(gradients, new INDArray[2]);
        assertTrue(distance(full.sub(outside), equivalent(factors, gradients)) <= 1e-5);
    }

    /** I minus the projector on these orthonormal columns. */
    private static INDArray complement(INDArray basis) {
        return Nd4j.eye(basis.size(0)).castTo(DataType.DOUBLE).subi(basis.mmul(basis.transpose()));
    }

    /** Among all pairs with the same effect on W, the published one is nearest to the plain gradients. */
    @Test
    void theFreedomThatIsLeftKeepsTheGradientsNearThePlainOnes() {
        Problem problem = new Problem(DataType.DOUBLE, 8, 6, 2, SCALE, Map.of());
        TargetUpdate update = attach(problem);
        Factors factors = problem.factors();
        update.start(factors);
        INDArray[] plain = problem.gradients(update);
        INDArray[] replaced = problem.gradients(update);
        update.beforeUpdater(replaced, new INDArray[2]);
        INDArray before = equivalent(factors, replaced);
        double nearest = squaredDistance(plain, replaced);
        for (int i = 0; i < 4; i++) {
            INDArray x = Nd4j.zeros(DataType.DOUBLE, 2, 2).putScalar(i, 1e-3);
            for (double sign : new double[] {1, -1}) {
                INDArray[] other = {
                    replaced[0].add(factors.a().mmul(x).mul(sign)),
                    replaced[1].sub(x.mmul(factors.b()).mul(sign))
                };
                assertTrue(distance(before, equivalent(factors, other)) <= 1e-12);
                assertTrue(squaredDistance(plain, other) > nearest);
            }
        }
    }

    @Test
    void atZeroBTheGradientOfAIsLeftAlone() {
        Problem problem = new Problem(DataType.DOUBLE, 8, 6, 3, SCALE, Map.of());
        TargetUpdate update = attach(problem);
        Factors factors = problem.factors();
        factors.b().assign(0);
        update.start(factors);
        INDArray[] gradients = problem.gradients(update);
        update.beforeUpdater(gradients, new INDArray[2]);
        assertEquals(0, gradients[0].normmaxNumber().doubleValue());
        INDArray basis = ThinSvd.of(factors.a()).u();
        INDArray projected = basis.mmul(basis.transpose()).mmul(problem.gradientOfWeight());
        assertTrue(distance(projected, equivalent(factors, gradients)) <= 1e-6);
    }

    @Test
    void dependentVectorsDoNotBreakTheStep() {
        Problem problem = new Problem(DataType.DOUBLE, 8, 6, 4, SCALE, Map.of());
        TargetUpdate update = attach(problem);
        INDArray a = problem.gaussian(DataType.DOUBLE, 8, 2).mmul(problem.gaussian(DataType.DOUBLE, 2, 4));
        INDArray b = problem.gaussian(DataType.DOUBLE, 4, 2).mmul(problem.gaussian(DataType.DOUBLE, 2, 6));
        Factors factors = new Factors(a, b);
        update.start(factors);
        INDArray[] gradients = problem.gradients(update);
        update.beforeUpdater(gradients, new INDArray[2]);
        INDArray outside = complement(ThinSvd.of(a).left(0, 1))
                .mmul(problem.gradientOfWeight())
                .mmul(complement(ThinSvd.of(b).right(0, 1).transpose()));
        INDArray expected = problem.gradientOfWeight().sub(outside);
        double error = distance(expected, equivalent(factors, gradients));
        assertTrue(error <= 1e-4, "error " + error);
    }

    /** With A or B of full rank every direction of W is within reach, so LoRA-Pro with plain SGD is plain SGD. */
    @ParameterizedTest
    @CsvSource({"5,5,5", "6,1,1", "1,6,1"})
    void atFullRankAStepOfSgdIsOneOfOrdinaryTraining(int inputs, int outputs, int rank) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, SCALE, Map.of());
        TargetUpdate update = attach(problem);
        update.start(problem.factors());
        INDArray expected =
                problem.target.weight().sub(problem.gradientOfWeight().muli(1e-6));
        new Problem.Run(problem, update, new Sgd(1e-6)).step();
        assertTrue(distance(expected, problem.target.weight()) <= 1e-9);
    }

    /** At full rank the full mode is Adam on W itself, as long as steps are small. */
    @ParameterizedTest
    @CsvSource({"5,5,5", "6,1,1", "1,6,1"})
    void atFullRankTheFullModeIsAdamOnTheWeight(int inputs, int outputs, int rank) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, SCALE, FULL);
        Problem stock = new Problem(DataType.DOUBLE, inputs, outputs, rank, SCALE, Map.of());
        TargetUpdate update = attach(problem);
        update.start(problem.factors());
        Adam adam = new Adam(1e-6, 0.8, 0.99, 1e-7);
        Problem.Run stockRun = new Problem.Run(stock, new FullWeight().attach(stock.target), adam);
        for (int t = 0; t < 4; t++) {
            INDArray[] steps = problem.gradients(update);
            IUpdater users = update.updater(update.tensors().get(0), adam);
            assertEquals(1e-6, users.getLearningRate(t, 0));
            assertInstanceOf(Sgd.class, users);
            update.beforeUpdater(steps, new INDArray[2]);
            steps[0].muli(1e-6);
            steps[1].muli(1e-6);
            update.step(steps);
            stockRun.step();
            assertTrue(distance(stock.target.weight(), problem.target.weight()) <= 2e-10, "step " + t);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"efficient", "full"})
    void itLearnsAndHoldsTheWeight(String mode) {
        Problem problem = new Problem(DataType.FLOAT, 10, 8, 2, 1, Map.of("lora-pro.mode", mode));
        TargetUpdate update = attach(problem);
        Factors factors = problem.factors();
        factors.b().assign(0);
        update.start(factors);
        INDArray base = problem.target.weight().dup();
        double before = problem.loss(base);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.02));
        for (int i = 0; i < 60; i++) {
            run.step();
        }
        assertTrue(problem.loss(problem.target.weight()) < 0.8 * before);
        INDArray held = base.add(value(update, 0).mmul(value(update, 1)));
        assertTrue(distance(held, problem.target.weight()) <= 1e-4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"efficient", "full"})
    void trainingResumesBitForBit(String mode) {
        Map<String, String> options = Map.of("lora-pro.mode", mode);
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, options);
        TargetUpdate update = attach(problem);
        update.start(problem.factors());
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        run.step();
        run.step();
        run.assertResumes(3, LoraProTest::attach);
    }

    @Test
    void theFullModeFollowsARateScheduleAndWantsAdam() {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, FULL);
        TargetUpdate update = attach(problem);
        var tensor = update.tensors().get(0);
        Adam scheduled = new Adam(new ExponentialSchedule(ScheduleType.ITERATION, 0.1, 0.5));
        assertEquals(0.025, update.updater(tensor, scheduled).getLearningRate(2, 0), 1e-15);
        LowRankException refused =
                assertThrows(LowRankException.class, () -> update.updater(tensor, new Nesterovs(0.1)));
        assertTrue(refused.getMessage().contains("layer0 is Nesterovs"), refused.getMessage());

        Problem efficient = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of());
        Nesterovs users = new Nesterovs(0.1);
        assertSame(users, attach(efficient).updater(tensor, users));
    }

    @Test
    void trainedFactorsAreNeeded() {
        for (LowRankUpdate other : List.of(new FullWeight(), new SwitchLora(), new AdaLora(), new LoraXs())) {
            assertTrue(new LoraPro().refusal(other).isPresent(), other.name());
        }
        Problem wrong = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of("lora-pro.mode", "half"));
        assertThrows(LowRankException.class, () -> attach(wrong));
    }

    private static TargetUpdate attach(Problem problem) {
        return new LoraPro().approximate(new Lora().attach(problem.target), problem.target);
    }

    private static INDArray equivalent(Factors factors, INDArray[] gradients) {
        return factors.a()
                .mmul(gradients[1])
                .add(gradients[0].mmul(factors.b()))
                .muli(SCALE);
    }

    private static INDArray numericGradient(Problem problem) {
        INDArray weight = problem.target.weight().dup();
        INDArray gradient = Nd4j.zeros(DataType.DOUBLE, weight.shape());
        double h = 1e-5;
        for (int i = 0; i < weight.size(0); i++) {
            for (int j = 0; j < weight.size(1); j++) {
                double value = weight.getDouble(i, j);
                weight.putScalar(i, j, value + h);
                double above = problem.loss(weight);
                weight.putScalar(i, j, value - h);
                gradient.putScalar(i, j, (above - problem.loss(weight)) / (2 * h));
                weight.putScalar(i, j, value);
            }
        }
        return gradient;
    }

    private static double squaredDistance(INDArray[] one, INDArray[] other) {
        return Math.pow(one[0].distance2(other[0]), 2) + Math.pow(one[1].distance2(other[1]), 2);
    }

    private static INDArray value(TargetUpdate update, int tensor) {
        return update.tensors().get(tensor).value();
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
