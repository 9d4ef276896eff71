package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.Adam;

/** What holds for every update that starts by itself and moves W by what its tensors make. */
final class OwnUpdateChecks {

    private static final int STEPS = 60;

    private OwnUpdateChecks() {}

    /**
     * The network starts unchanged, it learns, a step of 0 moves nothing, its gradients are derivatives, a saved state goes
     * on bit for bit, and what a program writes to W stays.
     *
     * @return the problem after training, with the update
     */
    static Trained assertTrains(LowRankUpdate update, int inputs, int outputs, int rank, Map<String, String> options) {
        Problem problem = new Problem(DataType.DOUBLE, inputs, outputs, rank, 1.5, options);
        INDArray before = problem.target.weight().dup();
        TargetUpdate state = update.attach(problem.target);
        state.start();
        if (!state.startMovesWeight()) {
            assertEquals(before, problem.target.weight(), "the start moves nothing");
        }
        INDArray started = problem.target.weight().dup();
        double first = problem.loss(started);
        Problem.Run run = new Problem.Run(problem, state, new Adam(0.03));
        for (int i = 0; i < STEPS; i++) {
            run.step(0);
        }
        double last = problem.loss(problem.target.weight());
        assertTrue(last < 0.95 * first, () -> "the loss fell from " + first + " to " + last + " only");
        GradientChecks.assertDerivatives(problem, state);
        run.assertResumes(3, other -> update.attach(other.target));

        assertStill(problem, state);
        problem.target
                .weight()
                .addi(problem.gaussian(DataType.DOUBLE, inputs, outputs).muli(0.1));
        INDArray written = problem.target.weight().dup();
        state.beforeForward(0, 0);
        assertStill(problem, state);
        assertEquals(written, problem.target.weight(), "what was written stays");
        GradientChecks.assertDerivatives(problem, state);
        run.step(0);
        assertNotEquals(written, problem.target.weight());
        return new Trained(problem, state, started);
    }

    /** @param started W after the start */
    record Trained(Problem problem, TargetUpdate state, INDArray started) {

        INDArray value(String tensor) {
            return java.util.Objects.requireNonNull(state.kept().state().get(tensor), tensor);
        }
    }

    private static void assertStill(Problem problem, TargetUpdate state) {
        INDArray before = problem.target.weight().dup();
        INDArray[] steps = problem.views(state);
        for (INDArray step : steps) {
            step.assign(0);
        }
        state.step(steps);
        assertEquals(before, problem.target.weight(), "a step of 0");
    }
}
