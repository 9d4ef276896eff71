package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.gradient.NormDescent.Of;
import org.lowrank4j.method.Given;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.ops.transforms.Transforms;

class ShampooTest {

    @ParameterizedTest
    @CsvSource({"9,6", "6,9", "7,7"})
    void theFirstStepIsOrthogonal(int inputs, int outputs) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, 1, 1, Map.of("shampoo.epsilon", "1e-10"));
        INDArray expected = problem.gradientOfWeight().dup('f');
        NormDescent.makeUnit(Of.SPECTRAL, expected);
        INDArray step = new Problem.Run(problem, shampoo(problem), new Sgd(1)).step()[0];
        assertTrue(expected.sub(step).normmaxNumber().doubleValue() < 1e-4, expected + " and " + step);
    }

    /** A weight with one column has one side, along which Shampoo is AdaGrad with a full matrix; with its diagonal, AdaGrad. */
    @Test
    void theDiagonalOfOneSideIsAdaGrad() {
        Problem problem =
                new Problem(DataType.DOUBLE, 9, 1, 1, 1, Map.of("shampoo.longest", "8", "shampoo.epsilon", "1e-8"));
        Problem.Run run = new Problem.Run(problem, shampoo(problem), new Sgd(0.01));
        INDArray squares = Nd4j.valueArrayOf(new long[] {9, 1}, 1e-8, DataType.DOUBLE);
        for (int i = 0; i < 4; i++) {
            INDArray gradient = problem.gradientOfWeight();
            squares.addi(gradient.mul(gradient));
            INDArray expected = gradient.div(Transforms.sqrt(squares)).muli(0.01);
            assertTrue(expected.sub(run.step()[0]).normmaxNumber().doubleValue() < 1e-14);
        }
    }

    @Test
    void rootsAreTakenEveryFewSteps() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 1, 1, Map.of("shampoo.refresh", "3"));
        TargetUpdate update = shampoo(problem);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0.01));
        INDArray sum = update.kept().state().get("shampoo.side0.sum");
        INDArray root = update.kept().state().get("shampoo.side0.root");
        for (int i = 0; i < 7; i++) {
            INDArray sumBefore = sum.dup();
            INDArray rootBefore = root.dup();
            run.step();
            assertFalse(sumBefore.equals(sum), "second moments after step " + i);
            assertEquals(i % 3 != 0, rootBefore.equals(root), "root after step " + i);
        }
    }

    /** A kernel with one place is a matrix, and one of a single side has its places first. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void sidesOfLengthOneAreNone(int sides) {
        TargetWeight target = Given.target(
                "layer0", Nd4j.zeros(DataType.DOUBLE, 6, 4), sides == 1 ? List.of(1L) : List.of(1L, 1L), Map.of());
        TargetUpdate update = new Shampoo().approximate(new FullWeight().attach(target), target);
        assertEquals(
                List.of(4L, 6L),
                update.kept().state().entrySet().stream()
                        .filter(entry -> entry.getKey().endsWith("sum"))
                        .map(entry -> entry.getValue().size(0))
                        .toList());
    }

    @ParameterizedTest
    @CsvSource({"9,6", "6,9"})
    void trainingResumesBitForBitAndLearns(int inputs, int outputs) {
        Problem problem = new Problem(DataType.FLOAT, inputs, outputs, 1, 1, Map.of("shampoo.refresh", "4"));
        double before = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, shampoo(problem), new Adam(0.1));
        for (int i = 0; i < 62; i++) {
            run.step();
        }
        run.assertResumes(6, ShampooTest::shampoo);
        assertTrue(problem.loss(problem.target.weight()) < 0.5 * before);
    }

    @Test
    void onlyTheWholeWeightIsServed() {
        assertTrue(new Shampoo().refusal(new Lora()).isPresent());
    }

    private static TargetUpdate shampoo(Problem problem) {
        return new Shampoo().approximate(new FullWeight().attach(problem.target), problem.target);
    }
}
