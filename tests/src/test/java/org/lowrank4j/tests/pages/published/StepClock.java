package org.lowrank4j.tests.pages.published;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.optimize.api.BaseTrainingListener;

/** Notes the loss of each step, and the processor time that the training thread has spent in fit until then. */
final class StepClock extends BaseTrainingListener {

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final double[] losses;
    private final double[] seconds;
    private int done;
    private long last;
    private double spent;

    StepClock(int steps) {
        losses = new double[steps];
        seconds = new double[steps];
    }

    /** To be called just before fit, so that what was done in between does not count. */
    void begin() {
        last = THREADS.getCurrentThreadCpuTime();
    }

    @Override
    public void iterationDone(Model model, int iteration, int epoch) {
        long now = THREADS.getCurrentThreadCpuTime();
        spent += (now - last) / 1e9;
        last = now;
        losses[done] = model.score();
        seconds[done] = spent;
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
}
