package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.gradient.NormDescent.Of;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

class DionTest {

    /** Power iterations on one matrix end at its singular vectors. */
    @ParameterizedTest
    @CsvSource({"9,6", "6,9", "5,5"})
    void atFullRankASumThatStandsStillIsMadeOrthogonal(int inputs, int outputs) {
        int rank = Math.min(inputs, outputs);
        // Without momentum the sum loses at once what a step has used, so that it is G again in the next.
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, 1, Map.of("dion.momentum", "0"));
        TargetUpdate update = dion(problem);
        IUpdater updater = update.updater(update.tensors().get(0), new Sgd(1));
        INDArray step = problem.gradientOfWeight();
        for (int i = 0; i < 400; i++) {
            step = problem.gradients(update)[0];
            updater.instantiate((INDArray) null, false)
                    .applyUpdater(step.reshape('f', new long[] {step.length()}), i, 0);
        }
        INDArray exact = problem.gradientOfWeight().dup('f');
        NormDescent.makeUnit(Of.RMS, exact);
        assertTrue(exact.sub(step).normmaxNumber().doubleValue() < 1e-6, exact + " and " + step);
    }

    @Test
    void aStepHasTheRankAndTheRestIsKept() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 2, 1, Map.of());
        TargetUpdate update = dion(problem);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0.01));
        INDArray gradient = problem.gradientOfWeight();
        INDArray query = state(update, "query").dup();
        double[] values = ThinSvd.of(run.step()[0]).singularValues();
        assertTrue(values[1] > 1e-6 && values[2] < 1e-14 * values[0], "the third is " + values[2]);
        // What of G the step's directions have loses a twentieth, and the rest stays whole.
        INDArray used = gradient.sub(state(update, "sum")).divi(0.05);
        INDArray p = ThinSvd.of(gradient.transpose().mmul(query)).u();
        assertTrue(
                gradient.mmul(p).mmul(p.transpose()).sub(used).normmaxNumber().doubleValue() < 1e-12);
        assertEquals(1, state(update, "query").norm2(0).minNumber().doubleValue(), 1e-6);
    }

    @Test
    void aLayerThatLearnsNothingStandsStillAndGoesOn() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 2, 1, Map.of());
        TargetUpdate update = dion(problem);
        IUpdater updater = update.updater(update.tensors().get(0), new Sgd(1));
        INDArray step = problem.gradients(update)[0].assign(0);
        updater.instantiate((INDArray) null, false).applyUpdater(step.reshape('f', new long[] {step.length()}), 0, 0);
        assertEquals(0, step.normmaxNumber().doubleValue());
        assertTrue(new Problem.Run(problem, update, new Sgd(1))
                        .step()[0]
                        .norm2Number()
                        .doubleValue()
                > 0.1);
    }

    @ParameterizedTest
    @CsvSource({"9,6", "6,9"})
    void trainingResumesBitForBitAndLearns(int inputs, int outputs) {
        Problem problem = new Problem(DataType.FLOAT, inputs, outputs, 2, 1, Map.of());
        double before = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, dion(problem), new Adam(0.03));
        for (int i = 0; i < 200; i++) {
            run.step();
        }
        run.assertResumes(6, DionTest::dion);
        assertTrue(problem.loss(problem.target.weight()) < 0.5 * before);
    }

    @Test
    void onlyTheWholeWeightIsServed() {
        assertTrue(new Dion().refusal(new Lora()).isPresent());
    }

    private static INDArray state(TargetUpdate update, String name) {
        return Objects.requireNonNull(update.kept().state().get("dion." + name));
    }

    private static TargetUpdate dion(Problem problem) {
        return new Dion().approximate(new FullWeight().attach(problem.target), problem.target);
    }
}
