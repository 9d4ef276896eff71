package org.lowrank4j.gradient.exchange;

import org.deeplearning4j.optimize.api.StepFunction;
import org.deeplearning4j.optimize.solvers.accumulation.GradientsAccumulator;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Deeplearning4j's own protocol of shared gradients: each replica's steps, rounded to multiples of a threshold with the
 * rest carried over to its next step, are summed over the replicas (threshold encoding; Strom, Interspeech 2015).
 */
public final class EncodedExchange implements StepExchange {

    @Override
    public String name() {
        return "encoded";
    }

    @Override
    public boolean pending(GradientsAccumulator accumulator, INDArray steps) {
        return accumulator.hasAnything() && taken(accumulator, steps, false);
    }

    @Override
    public boolean exchange(GradientsAccumulator accumulator, INDArray steps, int iteration, int epoch) {
        accumulator.storeUpdate(steps, iteration, epoch);
        return taken(accumulator, steps, true);
    }

    private static boolean taken(GradientsAccumulator accumulator, INDArray steps, boolean last) {
        Called called = new Called();
        accumulator.applyUpdate(called, steps, steps, last);
        return called.any;
    }

    /** Notes that there is something to apply, and leaves it to the replica. */
    private static final class Called implements StepFunction {

        private static final long serialVersionUID = 1L;

        private boolean any;

        @Override
        public void step(INDArray parameters, INDArray line, double step) {
            any = true;
        }

        @Override
        public void step(INDArray parameters, INDArray line) {
            any = true;
        }

        @Override
        public void step() {
            any = true;
        }
    }
}
