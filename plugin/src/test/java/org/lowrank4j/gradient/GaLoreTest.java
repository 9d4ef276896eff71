package org.lowrank4j.gradient;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.kind.OuterProduct;
import org.lowrank4j.update.FullWeight;
import org.lowrank4j.update.Lora;
import org.lowrank4j.update.Maestro;
import org.lowrank4j.update.Problem;
import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.Trp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.L1Regularization;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.WeightDecay;
import org.nd4j.linalg.ops.transforms.Transforms;

class GaLoreTest {

    @ParameterizedTest
    @CsvSource({"9,6", "6,9", "7,7", "5,1", "1,5"})
    void atFullRankWithSgdItIsSgd(int inputs, int outputs) {
        int rank = Math.min(inputs, outputs);
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, 1, Map.of("galore.scale", "1"));
        Problem stock = new Problem(DataType.DOUBLE, inputs, outputs, rank, 1, Map.of());
        Problem.Run run = new Problem.Run(problem, galore(problem), new Sgd(0.01));
        Problem.Run stockRun = new Problem.Run(stock, new FullWeight().attach(stock.target), new Sgd(0.01));
        for (int i = 0; i < 5; i++) {
            run.step();
            stockRun.step();
            assertTrue(distance(stock.target.weight(), problem.target.weight()) <= 1e-13);
        }
    }

    @ParameterizedTest
    @CsvSource({"9,6", "6,9", "7,7"})
    void aStepStaysInTheLeadingSubspaceOfTheGradient(int inputs, int outputs) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, 2, 1, Map.of());
        TargetUpdate update = galore(problem);
        INDArray before = problem.target.weight().dup();
        INDArray expected = ThinSvd.of(problem.gradientOfWeight()).truncated(2).muli(-0.01 * 0.25);
        new Problem.Run(problem, update, new Sgd(0.01)).step();
        assertTrue(distance(expected, problem.target.weight().sub(before)) <= 1e-14);
        INDArray projector = update.kept().state().get("projector");
        assertTrue(distance(projector.transpose().mmul(projector), Nd4j.eye(2).castTo(DataType.DOUBLE)) <= 1e-10);
    }

    /** The side that the published code projects, of the transposed matrix; ties included. */
    @ParameterizedTest
    @CsvSource({
        "shorter,9,6,outputs",
        "shorter,6,9,inputs",
        "shorter,7,7,inputs",
        "longer,9,6,inputs",
        "longer,6,9,outputs",
        "longer,7,7,outputs",
        "inputs,9,6,inputs",
        "inputs,6,9,inputs",
        "outputs,9,6,outputs",
        "outputs,6,9,outputs"
    })
    void theSideCanBeChosen(String side, int inputs, int outputs, String projected) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, 2, 1, Map.of("galore.side", side));
        TargetUpdate update = galore(problem);
        boolean ofOutputs = projected.equals("outputs");
        assertArrayEquals(
                ofOutputs ? new long[] {inputs, 2} : new long[] {2, outputs},
                update.tensors().get(0).shape());
        INDArray before = problem.target.weight().dup();
        INDArray expected = ThinSvd.of(problem.gradientOfWeight()).truncated(2).muli(-0.01 * 0.25);
        new Problem.Run(problem, update, new Sgd(0.01)).step();
        assertTrue(distance(expected, problem.target.weight().sub(before)) <= 1e-14);
    }

    @Test
    void anUnknownSideIsRefused() {
        Problem problem = new Problem(DataType.DOUBLE, 8, 6, 2, 1, Map.of("galore.side", "left"));
        LowRankException refused = assertThrows(LowRankException.class, () -> galore(problem));
        assertTrue(refused.getMessage().contains("galore.side=left"), refused.getMessage());
        assertTrue(refused.getMessage().contains("shorter, longer, inputs, outputs"), refused.getMessage());
    }

    @Test
    void theSubspaceIsFoundAnewEveryFewSteps() {
        Problem problem = new Problem(DataType.DOUBLE, 8, 6, 2, 1, Map.of("galore.refresh", "3"));
        TargetUpdate update = galore(problem);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.05));
        INDArray previous = update.kept().state().get("projector").dup();
        for (int t = 0; t < 10; t++) {
            run.step();
            INDArray projector = update.kept().state().get("projector").dup();
            assertEquals(t % 3 != 0, previous.equals(projector), "step " + t);
            previous = projector;
        }
    }

    @ParameterizedTest
    @CsvSource({"random,9,6", "random,6,9", "sampled,9,6", "sampled,6,9", "tracked,9,6", "tracked,6,9", "tracked,7,7"})
    void otherBasesAreOrthonormalAndLearnAndResume(String basis, int inputs, int outputs) {
        Problem problem = new Problem(
                DataType.FLOAT, inputs, outputs, 2, 1, Map.of("galore.basis", basis, "galore.refresh", "4"));
        double before = problem.loss(problem.target.weight());
        TargetUpdate update = galore(problem);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.05));
        INDArray projector = update.kept().state().get("projector");
        INDArray previous = projector.dup();
        for (int t = 0; t < 202; t++) {
            run.step();
            INDArray moved = projector.mmul(projector.transpose()).sub(previous.mmul(previous.transpose()));
            assertEquals(t % 4 == 0, moved.normmaxNumber().doubleValue() > 1e-6, "the subspace of step " + t);
            previous = projector.dup();
        }
        assertTrue(distance(projector.transpose().mmul(projector), Nd4j.eye(2)) <= 1e-5);
        run.assertResumes(6, GaLoreTest::galore);
        double after = problem.loss(problem.target.weight());
        assertTrue(after < 0.6 * before, "from " + before + " to " + after);
    }

    /** Nothing of the minibatch is in it, so the gradient is not even formed. */
    @Test
    void aRandomBasisDoesNotDependOnTheGradient() {
        Map<String, String> options =
                Map.of("galore.basis", "random", "galore.random-after", "1", "galore.refresh", "1");
        Problem problem = new Problem(DataType.DOUBLE, 9, 6, 2, 1, options);
        Problem other = new Problem(DataType.DOUBLE, 9, 6, 2, 1, options);
        other.y.addi(1);
        TargetUpdate update = galore(problem);
        TargetUpdate ofOther = galore(other);
        Problem.Run run = new Problem.Run(problem, update, new Sgd(0.01));
        Problem.Run runOfOther = new Problem.Run(other, ofOther, new Sgd(0.01));
        for (int t = 0; t < 3; t++) {
            run.step();
            runOfOther.step();
            assertEquals(
                    t > 0,
                    update.kept()
                            .state()
                            .get("projector")
                            .equals(ofOther.kept().state().get("projector")),
                    "step " + t);
        }
    }

    /** A geodesic towards a gradient of rank 1 ends where it leads. */
    @ParameterizedTest
    @CsvSource({"9,6", "6,9"})
    void aTrackedBasisTurnsTowardsTheGradient(int inputs, int outputs) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, 2, 1, Map.of());
        Projector projector = new Projector(problem.target, Projector.Side.SHORTER, problem.target.kept());
        INDArray gradient =
                problem.gaussian(DataType.DOUBLE, inputs, 1).mmul(problem.gaussian(DataType.DOUBLE, 1, outputs));
        projector.find(problem.gradientOfWeight());
        double left = left(projector, gradient);
        for (int i = 0; i < 40; i++) {
            projector.turn(gradient, 0.5);
            double now = left(projector, gradient);
            assertTrue(now <= left + 1e-12, "nothing more is left out");
            left = now;
        }
        assertTrue(left < 1e-3, left + " is left out");
        INDArray s = projector.matrix();
        assertTrue(distance(s.transpose().mmul(s), Nd4j.eye(2).castTo(DataType.DOUBLE)) <= 1e-14);
        projector.turn(gradient.assign(0), 0.5);
        assertTrue(distance(s.transpose().mmul(s), Nd4j.eye(2).castTo(DataType.DOUBLE)) <= 1e-14);
    }

    /** The share of a gradient that its projection does not have. */
    private static double left(Projector projector, INDArray gradient) {
        INDArray rest = gradient.dup('f');
        projector.addBack(projector.project(gradient), -1, rest);
        return rest.norm2Number().doubleValue() / gradient.norm2Number().doubleValue();
    }

    @Test
    void singularVectorsAreDrawnInProportion() {
        double[] weights = {4, 3, 2, 1, 0};
        int draws = 20000;
        int[] counts = new int[5];
        Random random = new Random(1);
        for (int i = 0; i < draws; i++) {
            counts[Projector.drawn(weights, 1, random)[0]]++;
            int[] two = Projector.drawn(weights, 2, random);
            assertTrue(two[0] < two[1] && two[1] < 4, "in order, and none of weight 0");
        }
        for (int i = 0; i < 5; i++) {
            assertEquals(weights[i] / 10, (double) counts[i] / draws, 0.015, "share of " + i);
        }
        assertArrayEquals(new int[] {0, 1, 2, 3, 4}, Projector.drawn(weights, 5, random));
    }

    @Test
    void itLearns() {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of("galore.refresh", "10"));
        double before = problem.loss(problem.target.weight());
        Problem.Run run = new Problem.Run(problem, galore(problem), new Adam(0.05));
        for (int i = 0; i < 200; i++) {
            run.step();
        }
        assertTrue(problem.loss(problem.target.weight()) < 0.5 * before);
    }

    @ParameterizedTest
    @CsvSource({"9,6", "6,9"})
    void l1AndL2AreProjectedLikeTheGradient(int inputs, int outputs) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, 2, 1, Map.of());
        TargetUpdate update = galore(problem);
        INDArray[] gradients = problem.gradients(update);
        INDArray projector = update.kept().state().get("projector");
        INDArray w = problem.target.weight();
        INDArray regularised = problem.gradientOfWeight()
                .add(w.mul(0.3))
                .add(Transforms.sign(w).mul(0.2));
        INDArray expected = inputs > outputs
                ? regularised.mmul(projector)
                : projector.transpose().mmul(regularised);
        update.regularise(new L2Regularization(0.3), gradients, new double[] {0.1, 0.1}, 0, 0);
        update.regularise(new L1Regularization(0.2), gradients, new double[] {0.1, 0.1}, 0, 0);
        assertTrue(distance(expected, gradients[0]) <= 1e-12);
    }

    @Test
    void weightDecayActsOnTheWeightAfterTheStep() {
        Problem problem = new Problem(DataType.DOUBLE, 6, 6, 6, 1, Map.of("galore.scale", "1"));
        TargetUpdate update = galore(problem);
        INDArray[] steps = problem.gradients(update);
        INDArray moved = problem.target.weight().sub(problem.gradientOfWeight().muli(0.01));
        steps[0].muli(0.01);
        update.regularise(new WeightDecay(0.5, true), steps, new double[] {0.01, 0.01}, 0, 0);
        update.step(steps);
        assertTrue(distance(moved.mul(1 - 0.01 * 0.5), problem.target.weight()) <= 1e-14);

        // The term belongs to that step only.
        INDArray after = problem.target.weight().dup();
        steps[0].assign(0);
        update.step(steps);
        assertEquals(after, problem.target.weight());
    }

    @Test
    void trainingResumesBitForBit() {
        Map<String, String> options = Map.of("galore.refresh", "4");
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, options);
        TargetUpdate update = galore(problem);
        Problem.Run run = new Problem.Run(problem, update, new Adam(0.01));
        for (int i = 0; i < 6; i++) {
            run.step();
        }
        run.assertResumes(6, GaLoreTest::galore);
    }

    @Test
    void aGradientThatIsNotFiniteLeavesTheSubspaceToTheNextStep() {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of());
        TargetUpdate update = galore(problem);
        INDArray[] views = problem.views(update);
        INDArray delta = problem.delta();
        delta.putScalar(0, 0, Float.NaN);
        update.gradient(new OuterProduct(problem.x, delta), views);
        assertTrue(Double.isNaN(views[0].sumNumber().doubleValue()), "the caller must see that it is not finite");
        INDArray[] gradients = problem.gradients(update);
        assertTrue(gradients[0].norm2Number().doubleValue() > 0);
        assertTrue(Double.isFinite(gradients[0].sumNumber().doubleValue()));
    }

    @Test
    void workspacesMayCloseAroundAnything() {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of("galore.refresh", "2"));
        Problem stock = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of("galore.refresh", "2"));
        Problem.Run run = new Problem.Run(problem, galore(problem), new Adam(0.05));
        Problem.Run stockRun = new Problem.Run(stock, galore(stock), new Adam(0.05));
        WorkspaceConfiguration configuration = WorkspaceConfiguration.builder()
                .policyLearning(LearningPolicy.FIRST_LOOP)
                .build();
        for (int i = 0; i < 6; i++) {
            try (MemoryWorkspace workspace =
                    Nd4j.getWorkspaceManager().getAndActivateWorkspace(configuration, "a layer's")) {
                run.step();
            }
            stockRun.step();
        }
        assertEquals(stock.target.weight(), problem.target.weight());
    }

    @Test
    void onlyTheWholeWeightIsServed() {
        assertTrue(new GaLore().refusal(new Lora()).isPresent());
        assertTrue(new GaLore().refusal(new Maestro()).isPresent());
        assertTrue(new GaLore().refusal(new Trp()).isEmpty());
    }

    @Test
    void theExactGradientIsTheUpdateItself() {
        Problem problem = new Problem(DataType.FLOAT, 8, 6, 2, 1, Map.of());
        TargetUpdate update = new Lora().attach(problem.target);
        assertSame(update, new ExactGradient().approximate(update, problem.target));
    }

    private static TargetUpdate galore(Problem problem) {
        return new GaLore().approximate(new FullWeight().attach(problem.target), problem.target);
    }

    private static double distance(INDArray one, INDArray other) {
        return one.sub(other).normmaxNumber().doubleValue();
    }
}
