package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertEquals;
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

class RiemannianTest {

    @Test
    void theGradientsAreTakenInTheMetricOfTheOtherFactor() {
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 3, 2, Map.of());
        TargetUpdate update = riemannian(problem);
        Factors factors = problem.factors();
        update.start(factors);
        INDArray[] gradients = problem.gradients(update);
        INDArray da = gradients[0].dup();
        INDArray db = gradients[1].dup();
        update.beforeUpdater(gradients, new INDArray[2]);
        INDArray damping = Nd4j.eye(3).castTo(DataType.DOUBLE).muli(0.01);
        INDArray ofA = factors.b().mmul(factors.b().transpose()).addi(damping);
        INDArray ofB = factors.a().transpose().mmul(factors.a()).addi(damping);
        assertTrue(distance(da, gradients[0].mmul(ofA)) < 1e-10);
        assertTrue(distance(db, ofB.mmul(gradients[1])) < 1e-10);
    }

    /** With little damping and SGD, W moves alike however the product is split. */
    @Test
    void sgdDoesNotSeeHowTheProductIsSplit() {
        INDArray[] moved = new INDArray[2];
        for (int i = 0; i < 2; i++) {
            Problem problem = new Problem(DataType.DOUBLE, 9, 6, 2, 1, Map.of("riemannian.damping", "1e-12"));
            TargetUpdate update = riemannian(problem);
            Factors factors = problem.factors();
            INDArray q = Nd4j.createFromArray(new double[][] {{3, 1}, {-0.5, 0.2}});
            INDArray inverse =
                    Nd4j.createFromArray(new double[][] {{0.2, -1}, {0.5, 3}}).divi(1.1);
            update.start(i == 0 ? factors : new Factors(factors.a().mmul(q), inverse.mmul(factors.b())));
            INDArray before = problem.target.weight().dup();
            new Problem.Run(problem, update, new Sgd(1e-4)).step();
            moved[i] = problem.target.weight().sub(before);
        }
        assertTrue(
                distance(moved[0], moved[1]) < 1e-10 * moved[0].normmaxNumber().doubleValue());
    }

    @Test
    void trainingResumesBitForBitAndLearns() {
        Problem problem = new Problem(DataType.FLOAT, 9, 6, 3, 1, Map.of());
        double before = problem.loss(problem.target.weight());
        TargetUpdate update = riemannian(problem);
        problem.start(update, new Kaiming());
        INDArray a = update.kept().state().get("A").dup();
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.05));
        run.step();
        assertEquals(a, update.kept().state().get("A"), "while B was 0");
        for (int i = 0; i < 200; i++) {
            run.step();
        }
        run.assertResumes(6, RiemannianTest::riemannian);
        double after = problem.loss(problem.target.weight());
        assertTrue(after < 0.6 * before, "from " + before + " to " + after);
    }

    @Test
    void onlyFactorsAreServed() {
        assertTrue(new Riemannian().refusal(new FullWeight()).isPresent());
    }

    private static TargetUpdate riemannian(Problem problem) {
        return new Riemannian().approximate(new Lora().attach(problem.target), problem.target);
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
