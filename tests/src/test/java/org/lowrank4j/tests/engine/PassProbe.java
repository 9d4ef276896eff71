package org.lowrank4j.tests.engine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.gradient.WrappedUpdate;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.ExtraPasses;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A gradient method of a user of lowrank4j that looks at gradients and outputs elsewhere and makes nothing of them: it
 * must train as if it did not look. It keeps what it saw for the test.
 */
public final class PassProbe implements GradientApproximation {

    /** Whether W is no number in the first pass. */
    static boolean broken;

    /** Gradients seen in a pass at the weights of the step itself, then those of the step. */
    static final List<INDArray> SEEN = new ArrayList<>();

    /** Outputs seen at the weights of the step. */
    static final List<INDArray> OUTPUTS = new ArrayList<>();

    /** What the next step's begin is to throw, null for nothing. */
    static @Nullable RuntimeException thrown;

    static int finite;
    static int notFinite;

    static void forget() {
        SEEN.clear();
        OUTPUTS.clear();
        finite = 0;
        notFinite = 0;
        broken = false;
    }

    @Override
    public String name() {
        return "probe-passes";
    }

    @Override
    public String defaultUpdate() {
        return "full";
    }

    @Override
    public TargetUpdate approximate(TargetUpdate update, TargetWeight target) {
        return new Target(update, target.weight());
    }

    private static final class Target extends WrappedUpdate implements ExtraPasses {

        private final INDArray weight;

        Target(TargetUpdate update, INDArray weight) {
            super(update);
            this.weight = weight;
        }

        @Override
        public void beforeForward(int iteration, int epoch) {
            RuntimeException now = thrown;
            thrown = null;
            if (now != null) {
                throw now;
            }
            super.beforeForward(iteration, epoch);
        }

        @Override
        public ExtraPasses extraPasses() {
            return this;
        }

        @Override
        public void run(Passes passes) {
            INDArray kept = weight.dup('f');
            try {
                if (broken) {
                    weight.assign(Double.NaN);
                } else {
                    weight.muli(1.5);
                }
                count(passes.gradients());
                OUTPUTS.add(passes.outputs()[0]);
                weight.assign(kept).muli(-1);
                count(passes.gradients());
            } finally {
                weight.assign(kept);
            }
            OUTPUTS.add(passes.outputs()[0]);
            count(passes.gradients());
            SEEN.add(passes.gradientsOf(this)[0].dup('f'));
        }

        private static void count(boolean isFinite) {
            if (isFinite) {
                finite++;
            } else {
                notFinite++;
            }
        }

        @Override
        public void beforeUpdater(INDArray[] gradients, INDArray[] updaterStates) {
            SEEN.add(Nd4j.createUninitialized(gradients[0].dataType(), gradients[0].shape(), 'f')
                    .assign(gradients[0])
                    .detach());
        }
    }
}
