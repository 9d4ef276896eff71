package org.lowrank4j.gradient;

import org.lowrank4j.update.TargetUpdate;
import org.lowrank4j.update.TargetWeight;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The scaled gradient of one weight. */
final class ApolloTarget extends SubspaceUpdate {

    private final double root;
    private final boolean perChannel;

    /** @param perChannel whether every index of the longer side has its own factor; else one serves all */
    ApolloTarget(
            GradientApproximation apollo,
            TargetUpdate update,
            TargetWeight target,
            int refresh,
            double scale,
            boolean perChannel) {
        super(apollo, update, target, refresh);
        root = Math.sqrt(scale);
        this.perChannel = perChannel;
    }

    @Override
    void newSubspace(INDArray gradient, long step) {
        projector().draw(target().random("apollo projector of step " + step));
    }

    @Override
    void step(INDArray gradient, INDArray projected, INDArray updated, double rate) {
        Projector projector = projector();
        if (perChannel) {
            projector.scale(gradient, ratio(projector.norms(updated), projector.norms(projected)));
        } else {
            gradient.muli(ratio(updated.norm2(), projected.norm2()));
        }
        gradient.muli(root / limit(gradient, rate));
    }
}
