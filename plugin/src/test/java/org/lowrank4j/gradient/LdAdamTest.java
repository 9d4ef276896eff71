package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;

class LdAdamTest {

    /** A square weight has its outputs projected. */
    @ParameterizedTest
    @CsvSource({"9,6,6,9", "6,9,6,9", "7,7,7,7"})
    void theBasisFollowsTheGradientAndStaysOrthonormal(int inputs, int outputs, int side, int other) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, 2, 1, Map.of());
        TargetUpdate update = ldadam(problem);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0.01));
        INDArray basis = state(update, "projector");
        assertEquals(side, basis.size(0));
        assertEquals(2L * other, state(update, "first").length());
        assertEquals(inputs >= outputs ? inputs : 2, state(update, "first").size(0));
        for (int i = 0; i < 5; i++) {
            INDArray before = basis.dup();
            run.step();
            assertFalse(before.equals(basis), "step " + i);
            INDArray gram = basis.transpose().mmul(basis);
            assertTrue(gram.sub(Nd4j.eye(2).castTo(DataType.DOUBLE))
                            .normmaxNumber()
                            .doubleValue()
                    < 1e-13);
        }
    }

    /** Nothing is left out but what the moments' turn leaves, so the errors of a full basis are 0. */
    @ParameterizedTest
    @CsvSource({"9,6", "6,9", "7,7"})
    void atFullRankNothingIsLeftOut(int inputs, int outputs) {
        int rank = Math.min(inputs, outputs);
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, 1, Map.of());
        TargetUpdate update = ldadam(problem);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0.01));
        for (int i = 0; i < 5; i++) {
            run.step();
            assertTrue(state(update, "error").normmaxNumber().doubleValue() < 1e-11);
        }
    }

    @ParameterizedTest
    @CsvSource({"9,6,yes", "6,9,yes", "7,7,no"})
    void trainingResumesBitForBitAndLearns(int inputs, int outputs, String feedback) {
        Problem problem = new Problem(DataType.FLOAT, inputs, outputs, 2, 1, Map.of("ldadam.feedback", feedback));
        double before = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, ldadam(problem), new Adam(0.02));
        for (int i = 0; i < 200; i++) {
            run.step();
        }
        run.assertResumes(6, LdAdamTest::ldadam);
        double after = problem.loss(problem.target.weight());
        assertTrue(after < 0.5 * before, "from " + before + " to " + after);
    }

    @Test
    void onlyTheWholeWeightIsServed() {
        assertTrue(new LdAdam().refusal(new Lora()).isPresent());
    }

    private static INDArray state(TargetUpdate update, String name) {
        return Objects.requireNonNull(update.kept().state().get("ldadam." + name));
    }

    private static TargetUpdate ldadam(Problem problem) {
        return new LdAdam().approximate(new FullWeight().attach(problem.target), problem.target);
    }
}
