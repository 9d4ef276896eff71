package org.lowrank4j.gradient;

import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The step of one weight in GaLore's subspace and beside it. */
final class FiraTarget extends SubspaceUpdate {

    private final double scale;

    FiraTarget(Fira fira, TargetUpdate update, TargetWeight target, int refresh, double scale) {
        super(fira, update, target, refresh);
        this.scale = scale;
    }

    @Override
    void newSubspace(INDArray gradient, long step) {
        projector().find(gradient);
    }

    @Override
    void step(INDArray gradient, INDArray projected, INDArray updated, double rate) {
        Projector projector = projector();
        projector.addBack(projected, -1, gradient);
        projector.scale(gradient, ratio(projector.norms(updated), projector.norms(projected)));
        gradient.divi(limit(gradient, rate));
        projector.addBack(updated, scale, gradient);
    }
}
