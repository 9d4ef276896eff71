package org.lowrank4j.kind;

import java.util.Objects;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Both passes of a frozen BatchNormalization, as they are run in a step. */
public final class FrozenPasses {

    private final BatchNormalization layer;
    private final FrozenNormalisation passes = new FrozenNormalisation(true);

    public FrozenPasses(BatchNormalization layer) {
        this.layer = layer;
    }

    /** The layer's output, of the shape of x. */
    public INDArray forward(INDArray x) {
        layer.setInput(x, LayerWorkspaceMgr.noWorkspaces());
        return Objects.requireNonNull(passes.forward(layer, LayerWorkspaceMgr.noWorkspaces()));
    }

    /** The epsilon for the layer below, after {@link #forward}. */
    public INDArray backward(INDArray epsilon) {
        return Objects.requireNonNull(passes.backward(layer, epsilon, LayerWorkspaceMgr.noWorkspaces()))
                .getSecond();
    }
}
