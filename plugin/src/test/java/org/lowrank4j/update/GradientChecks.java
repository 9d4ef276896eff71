package org.lowrank4j.update;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Compares the gradients of an update with central differences of the loss, moving the weight by the update's steps. */
final class GradientChecks {

    private static final double STEP = 1e-5;

    private GradientChecks() {}

    /**
     * For an update in double whose {@link TargetUpdate#step} has no memory: every entry of every tensor is moved to both
     * sides and back.
     */
    static void assertDerivatives(Problem problem, TargetUpdate update) {
        INDArray[] gradients = problem.gradients(update);
        double largest = 0;
        for (int tensor = 0; tensor < gradients.length; tensor++) {
            for (long i = 0; i < gradients[tensor].length(); i++) {
                move(problem, update, tensor, i, -STEP);
                double above = problem.loss(problem.target.weight());
                move(problem, update, tensor, i, 2 * STEP);
                double below = problem.loss(problem.target.weight());
                move(problem, update, tensor, i, -STEP);
                double expected = (above - below) / (2 * STEP);
                double actual = gradients[tensor].dup('c').data().getDouble(i);
                assertEquals(
                        expected,
                        actual,
                        1e-6 * Math.max(1, Math.abs(expected)),
                        update.tensors().get(tensor).name() + "[" + i + "]");
                largest = Math.max(largest, Math.abs(expected));
            }
        }
        assertTrue(largest > 0.1, "a problem without gradients proves nothing");
    }

    /** Subtracts a step in one entry, counted row by row. */
    private static void move(Problem problem, TargetUpdate update, int tensor, long entry, double by) {
        INDArray[] steps = problem.views(update);
        for (INDArray step : steps) {
            step.assign(0);
        }
        long columns = steps[tensor].size(1);
        steps[tensor].putScalar(entry / columns, entry % columns, by);
        update.step(steps);
    }
}
