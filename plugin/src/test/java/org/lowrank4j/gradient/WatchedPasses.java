package org.lowrank4j.gradient;

import org.lowrank4j.update.ExtraPasses;
import org.lowrank4j.update.TargetUpdate;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Passes that a test looks into. */
class WatchedPasses implements ExtraPasses.Passes {

    private final ExtraPasses.Passes passes;

    WatchedPasses(ExtraPasses.Passes passes) {
        this.passes = passes;
    }

    @Override
    public boolean gradients() {
        return passes.gradients();
    }

    @Override
    public INDArray[] gradientsOf(TargetUpdate target) {
        return passes.gradientsOf(target);
    }

    @Override
    public INDArray[] outputs() {
        return passes.outputs();
    }

    @Override
    public boolean addGradients(INDArray[] labels) {
        return passes.addGradients(labels);
    }
}
