package org.lowrank4j.tests.pages.starts;

import java.util.Arrays;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;

/** Notes the loss of each step and when it ended. */
final class StepLog extends BaseTrainingListener {

    private final double[] losses;
    private final long[] ends;
    private int done;

    /** For a training of that many steps. */
    StepLog(int steps) {
        this.losses = new double[steps];
        this.ends = new long[steps];
    }

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
        losses[done] = model.score();
        ends[done] = System.nanoTime();
        done++;
    }

    /**
     * Milliseconds from the call of fit to the end of the first step, less the median of the later steps: what starting
     * took. For stock training this is what DL4J itself needs to begin.
     *
     * @param called {@link System#nanoTime} just before fit
     */
    double startMillis(long called) {
        long[] steps = new long[done - 1];
        for (int i = 0; i < steps.length; i++) {
            steps[i] = ends[i + 1] - ends[i];
        }
        Arrays.sort(steps);
        return (ends[0] - called - steps[steps.length / 2]) / 1e6;
    }

    /** The loss of each step. */
    double[] losses() {
        return Arrays.copyOf(losses, done);
    }
}
