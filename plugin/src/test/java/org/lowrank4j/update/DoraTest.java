package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.lowrank4j.initialisation.Pissa;
import org.lowrank4j.method.Factors;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.ops.transforms.Transforms;

class DoraTest {

    private static final double SCALE = 0.7;

    /** c is held fixed in the differences, as it is in the gradients. */
    @ParameterizedTest
    @CsvSource({"7,5,3", "4,9,1", "5,5,5", "6,1,1", "1,6,1"})
    void gradientsAgreeWithFiniteDifferencesAtAFixedNorm(int inputs, int outputs, int rank) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, SCALE, Map.of());
        TargetUpdate update = new Dora().attach(problem.target);
        update.start(problem.factors());
        INDArray[] steps = problem.views(update);
        for (INDArray step : steps) {
            step.assign(problem.gaussian(DataType.DOUBLE, (int) step.size(0), (int) step.size(1)));
        }
        update.step(steps);
        INDArray[] gradients = problem.gradients(update);

        INDArray a = update.kept().state().get("A").dup();
        INDArray b = update.kept().state().get("B").dup();
        INDArray m = update.kept().state().get("M").dup();
        INDArray unnormalised =
                problem.target.weight().divRowVector(update.kept().state().get("ratio"));
        INDArray base = unnormalised.sub(a.mmul(b).mul(SCALE));
        INDArray norm = unnormalised.norm2(true, 0);
        double h = 1e-6;
        INDArray[] values = {a, b, m};
        for (int tensor = 0; tensor < values.length; tensor++) {
            for (int i = 0; i < values[tensor].size(0); i++) {
                for (int j = 0; j < values[tensor].size(1); j++) {
                    double value = values[tensor].getDouble(i, j);
                    values[tensor].putScalar(i, j, value + h);
                    double above = problem.loss(base.add(a.mmul(b).mul(SCALE)).mulRowVector(m.div(norm)));
                    values[tensor].putScalar(i, j, value - h);
                    double below = problem.loss(base.add(a.mmul(b).mul(SCALE)).mulRowVector(m.div(norm)));
                    values[tensor].putScalar(i, j, value);
                    double numeric = (above - below) / (2 * h);
                    assertEquals(
                            numeric,
                            gradients[tensor].getDouble(i, j),
                            1e-5 * Math.max(1, Math.abs(numeric)),
                            update.tensors().get(tensor).name());
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void magnitudesAndDirectionsMakeUpTheWeight(DataType type) {
        Problem problem = new Problem(type, 10, 8, 2, 1, Map.of());
        TargetUpdate update = new Dora().attach(problem.target);
        Factors factors = problem.factors();
        update.start(factors);
        INDArray base =
                problem.target.weight().castTo(DataType.DOUBLE).sub(factors.a().mmul(factors.b()));
        double before = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.02));
        for (int i = 0; i < 60; i++) {
            run.step();
        }
        assertTrue(problem.loss(problem.target.weight()) < 0.8 * before);
        INDArray a = value(update, 0).castTo(DataType.DOUBLE);
        INDArray b = value(update, 1).castTo(DataType.DOUBLE);
        INDArray m = value(update, 2).castTo(DataType.DOUBLE);
        INDArray direction = base.add(a.mmul(b));
        INDArray held = direction.mulRowVector(m.div(direction.norm2(true, 0)));
        double rounding = type == DataType.FLOAT ? 1e-5 : 1e-13;
        assertTrue(distance(held, problem.target.weight().castTo(DataType.DOUBLE)) <= rounding);
        INDArray norms = problem.target.weight().norm2(true, 0).castTo(DataType.DOUBLE);
        assertTrue(distance(Transforms.abs(m), norms) <= rounding, "M is the norm, up to its sign");
    }

    @Test
    void theNetworkStartsUnchangedWhateverTheFactors() {
        Problem problem = new Problem(DataType.FLOAT, 9, 6, 3, 1, Map.of());
        INDArray before = problem.target.weight().dup('f');
        TargetUpdate update = new Dora().attach(problem.target);
        update.start(new Pissa()
                .start(Given.start(
                        problem.target.weight(),
                        3,
                        3,
                        1,
                        null,
                        new Random(1),
                        new OptionValues(new Pissa(), Map.of()))));
        INDArray zerosA = Nd4j.zeros(DataType.FLOAT, 9, 3).dup('f');
        update.step(new INDArray[] {zerosA, Nd4j.zeros(DataType.FLOAT, 3, 6), Nd4j.zeros(DataType.FLOAT, 1, 6)});
        assertArrayEquals(
                before.data().asFloat(), problem.target.weight().dup('f').data().asFloat());
        assertEquals(before.norm2(true, 0), value(update, 2));
    }

    @Test
    void aColumnOfZerosStaysOneAndBreaksNothing() {
        Problem problem = new Problem(DataType.FLOAT, 7, 5, 2, 1, Map.of());
        problem.target.weight().putColumn(2, Nd4j.zeros(DataType.FLOAT, 7));
        INDArray before = problem.target.weight().dup();
        TargetUpdate update = new Dora().attach(problem.target);
        Factors factors = problem.factors();
        factors.b().assign(0);
        update.start(factors);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.05));
        for (int i = 0; i < 5; i++) {
            run.step();
        }
        assertEquals(0, problem.target.weight().getColumn(2).normmaxNumber().doubleValue());
        assertTrue(Double.isFinite(problem.target.weight().sumNumber().doubleValue()));
        assertNotEquals(before, problem.target.weight());
    }

    @Test
    void aMagnitudeMayChangeItsSign() {
        Problem problem = new Problem(DataType.DOUBLE, 7, 5, 2, 1, Map.of());
        TargetUpdate update = new Dora().attach(problem.target);
        update.start(problem.factors());
        INDArray before = problem.target.weight().dup();
        INDArray magnitude = value(update, 2).dup();
        update.step(moving(magnitude.mul(3)));
        assertTrue(distance(before.mul(-2), problem.target.weight()) <= 1e-15);
        update.step(moving(magnitude.mul(-3)));
        assertTrue(distance(before, problem.target.weight()) <= 1e-15);
        assertEquals(magnitude, value(update, 2));
    }

    @Test
    void aColumnWithoutMagnitudeHasNoDirectionUntilSomethingIsWrittenThere() {
        Problem problem = new Problem(DataType.DOUBLE, 7, 5, 2, 1, Map.of());
        TargetUpdate update = new Dora().attach(problem.target);
        update.start(problem.factors());
        INDArray weight = problem.target.weight();
        INDArray third = weight.getColumn(2).dup();
        INDArray all = value(update, 2).mul(0);
        all.putScalar(2, value(update, 2).getDouble(2));
        update.step(moving(all));
        assertEquals(0, weight.getColumn(2).normmaxNumber().doubleValue());
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.05));
        run.step(0);
        assertEquals(0, weight.getColumn(2).normmaxNumber().doubleValue());
        assertTrue(Double.isFinite(weight.sumNumber().doubleValue()));
        weight.putColumn(2, third);
        run.step(0);
        assertNotEquals(third, weight.getColumn(2), "it trains again");
        assertEquals(
                weight.getColumn(2).norm2Number().doubleValue(),
                value(update, 2).getDouble(2),
                1e-14);
    }

    /** Steps for M alone. */
    private static INDArray[] moving(INDArray magnitude) {
        return new INDArray[] {Nd4j.zeros(DataType.DOUBLE, 7, 2).dup('f'), Nd4j.zeros(DataType.DOUBLE, 2, 5), magnitude
        };
    }

    /** V takes what was written to W in its columns' ratios, A and B stay, and M is the new norm. */
    @ParameterizedTest
    @EnumSource(names = {"FLOAT", "DOUBLE"})
    void theStateFollowsAWeightThatIsWritten(DataType type) {
        Problem problem = new Problem(type, 7, 5, 2, 1, Map.of());
        TargetUpdate update = new Dora().attach(problem.target);
        update.start(problem.factors());
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.05));
        for (int i = 0; i < 5; i++) {
            run.step(0);
        }
        INDArray a = value(update, 0).dup();
        INDArray ratios = update.kept().state().get("ratio").dup();
        INDArray written = problem.gaussian(type, 7, 5).dup('f');
        problem.target.weight().assign(written);
        update.beforeForward(0, 0);
        update.step(zeros(problem, update));
        assertEquals(written, problem.target.weight());
        assertEquals(a, value(update, 0));
        assertEquals(ratios, update.kept().state().get("ratio"));
        double rounding = type == DataType.FLOAT ? 1e-6 : 1e-14;
        assertTrue(distance(Transforms.abs(value(update, 2)), written.norm2(true, 0)) <= rounding);
    }

    @Test
    void trainingResumesBitForBit() {
        Problem problem = new Problem(DataType.FLOAT, 6, 5, 2, 1, Map.of());
        TargetUpdate update = new Dora().attach(problem.target);
        update.start(problem.factors());
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        run.step();
        run.step();
        run.assertResumes(3, copy -> new Dora().attach(copy.target));
    }

    @Test
    void regularisationActsOnAllThree() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 5, 2, 1, Map.of());
        TargetUpdate update = new Dora().attach(problem.target);
        update.start(problem.factors());
        INDArray[] gradients = problem.gradients(update);
        INDArray expected = gradients[2].add(value(update, 2).mul(0.25));
        update.regularise(new L2Regularization(0.25), gradients, new double[] {0.1, 0.1, 0.1}, 0, 0);
        assertTrue(distance(expected, gradients[2]) <= 1e-14);
        assertTrue(update.tensors().get(2).outputSide(), "LoRA+ raises the rate of vectors");
    }

    private static INDArray[] zeros(Problem problem, TargetUpdate update) {
        INDArray[] steps = problem.views(update);
        for (INDArray step : steps) {
            step.assign(0);
        }
        return steps;
    }

    private static INDArray value(TargetUpdate update, int tensor) {
        return update.tensors().get(tensor).value();
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
