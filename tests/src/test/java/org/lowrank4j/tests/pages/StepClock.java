package org.lowrank4j.tests.pages;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;

/** Notes the loss of each step, when it ended, and the processor time that its thread has spent in fit until then. */
final class StepClock extends BaseTrainingListener {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final double[] losses;
    private final double[] seconds;
    private final long[] ends;
    private int done;
    private long last;
    private double spent;
    private long called;

    StepClock(int steps) {
        losses = new double[steps];
        seconds = new double[steps];
        ends = new long[steps];
    }

    /** To be called just before fit, so that what was done in between does not count. */
    void begin() {
        if (done == 0) {
            called = System.nanoTime();
        }
        last = THREADS.getCurrentThreadCpuTime();
    }

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
        long now = THREADS.getCurrentThreadCpuTime();
        spent += (now - last) / 1e9;
        last = now;
        losses[done] = model.score();
        seconds[done] = spent;
        ends[done] = System.nanoTime();
        done++;
    }

    /** The loss of each step. */
    double[] losses() {
        return Arrays.copyOf(losses, done);
    }

    /** The seconds from the start to the end of each step. */
    double[] seconds() {
        return Arrays.copyOf(seconds, done);
    }

    /**
     * Milliseconds from the first call of fit to the end of the first step, less the median of the later steps: what starting
     * took; NaN if nothing was noted. For stock training this is what DL4J itself needs to begin.
     */
    double startMillis() {
        if (done < 2) {
            return Double.NaN;
        }
        long[] steps = new long[done - 1];
        for (int i = 0; i < steps.length; i++) {
            steps[i] = ends[i + 1] - ends[i];
        }
        Arrays.sort(steps);
        return (ends[0] - called - steps[steps.length / 2]) / 1e6;
    }
}
