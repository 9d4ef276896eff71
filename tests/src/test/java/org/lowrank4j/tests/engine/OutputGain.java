package org.lowrank4j.tests.engine;

import org.lowrank4j.kind.WeightGradient;
import org.lowrank4j.method.TargetWeight;
import org.lowrank4j.update.AttachedUpdate;
import org.lowrank4j.update.OwnUpdate;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A user's update in one file, as the guide shows it: W = W0 diag(1 + g), with one trained number for each output. */
public final class OutputGain implements OwnUpdate {

    @Override
    public String name() {
        return "output-gain";
    }

    @Override
    public boolean usesRank() {
        return false;
    }

    @Override
    public TargetUpdate attach(TargetWeight target) {
        return new Target(target);
    }

    private static final class Target extends AttachedUpdate {

        private final INDArray weight;
        private final INDArray gain;

        Target(TargetWeight target) {
            super(target);
            weight = target.weight();
            gain = trained("g", 'c', true, 1, target.outputs());
        }

        /** dg_j = sum_i G_ij W0_ij. */
        @Override
        public void gradient(WeightGradient gradient, INDArray[] gradients) {
            gradients[0].assign(gradient.columnDots(weight)).divi(gain.add(1));
        }

        @Override
        public void move(INDArray[] steps) {
            INDArray before = gain.add(1);
            gain.subi(steps[0]);
            weight.muliRowVector(gain.add(1).divi(before));
        }
    }
}
