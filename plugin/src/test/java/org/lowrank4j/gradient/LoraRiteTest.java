package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.lowrank4j.initialisation.Kaiming;
import org.lowrank4j.method.Factors;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.WeightDecay;

class LoraRiteTest {

    /** The loss of these problems is a sum. */
    private static final Map<String, String> SUMS = Map.of("lora-rite.skip", "1000", "lora-rite.clip", "1000");

    /** (A Q, Q^-1 B) is the same W, and stays the same. */
    @Test
    void theWeightMovesAlikeHoweverItsProductIsSplit() {
        INDArray[] weights = new INDArray[2];
        for (int i = 0; i < 2; i++) {
            Problem problem = new Problem(DataType.DOUBLE, 9, 6, 2, 1, SUMS);
            TargetUpdate update = rite(problem);
            Factors factors = problem.factors();
            INDArray q = Nd4j.createFromArray(new double[][] {{3, 1}, {-0.5, 0.2}});
            INDArray inverse =
                    Nd4j.createFromArray(new double[][] {{0.2, -1}, {0.5, 3}}).divi(1.1);
            update.start(i == 0 ? factors : new Factors(factors.a().mmul(q), inverse.mmul(factors.b())));
            INDArray before = problem.target.weight().dup();
            Problem.Run run = new Problem.Run(problem, update, new Sgd(0.01));
            for (int step = 0; step < 5; step++) {
                run.step();
            }
            weights[i] = problem.target.weight().sub(before);
        }
        double size = weights[0].normmaxNumber().doubleValue();
        assertTrue(size > 0.01, "W moved by " + size);
        assertTrue(weights[0].sub(weights[1]).normmaxNumber().doubleValue() < 1e-10 * size);
    }

    @Test
    void trainingResumesBitForBitAndLearns() {
        Problem problem = new Problem(DataType.FLOAT, 9, 6, 3, 1, SUMS);
        double before = problem.loss(problem.target.weight());
        TargetUpdate update = rite(problem);
        problem.start(update, new Kaiming());
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.02), new WeightDecay(0.01, true));
        INDArray a = update.kept().state().get("A").dup();
        run.step();
        // Decay alone moved it.
        assertTrue(a.mul(1 - 0.02 * 0.01)
                        .sub(update.kept().state().get("A"))
                        .normmaxNumber()
                        .doubleValue()
                < 1e-6);
        for (int i = 0; i < 200; i++) {
            run.step();
        }
        run.assertResumes(6, LoraRiteTest::rite);
        double after = problem.loss(problem.target.weight());
        assertTrue(after < 0.6 * before, "from " + before + " to " + after);
    }

    /** As the release has it: one factor's gradient is too large, and the network goes on. */
    @Test
    void gradientsThatAreTooLargeAreLeftOut() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 2, 1, Map.of("lora-rite.skip", "1e-6"));
        TargetUpdate update = rite(problem);
        update.start(problem.factors());
        INDArray before = problem.target.weight().dup();
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0.01));
        run.step();
        assertEquals(before, problem.target.weight());
    }

    @Test
    void aStepThatIsLeftOutLeavesNothing() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 2, 1, SUMS);
        TargetUpdate update = rite(problem);
        update.start(problem.factors());
        INDArray[] steps = problem.gradients(update);
        for (int i = 0; i < 2; i++) {
            update.updater(update.tensors().get(i), new Sgd(0.01))
                    .instantiate((INDArray) null, false)
                    .applyUpdater(steps[i].reshape(steps[i].ordering(), new long[] {steps[i].length()}), 0, 0);
        }
        update.abandon();
        INDArray before = problem.target.weight().dup();
        update.step(new INDArray[] {steps[0].like(), steps[1].like()});
        assertEquals(before, problem.target.weight());
        new Problem.Run(problem, update, new Sgd(0.01)).step();
        assertNotEquals(before, problem.target.weight());
    }

    @Test
    void onlyFactorsAreServed() {
        assertTrue(new LoraRite().refusal(new FullWeight()).isPresent());
    }

    private static TargetUpdate rite(Problem problem) {
        return new LoraRite().approximate(new Lora().attach(problem.target), problem.target);
    }
}
