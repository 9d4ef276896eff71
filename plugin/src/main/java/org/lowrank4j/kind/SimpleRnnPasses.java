package org.lowrank4j.kind;

import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.recurrent.BaseRecurrentLayer;
import org.deeplearning4j.nn.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Those of a plain recurrent layer without layer normalisation. */
final class SimpleRnnPasses extends RecurrentPasses {

    private final Ones ones = new Ones();

    SimpleRnnPasses(LayerTraining training) {
        super(training);
    }

    /** Whether these passes compute what DL4J would. */
    static boolean canRun(BaseLayer<?> layer) {
        var settings = ((SimpleRnn) layer).layerConf();
        // With steps first, DL4J carries another state from one stretch of a series to the next.
        return Slopes.exist(settings.getActivationFn()) && !settings.hasLayerNorm() && !isStepsFirst(layer);
    }

    @Override
    RecurrentSteps run(
            BaseRecurrentLayer<?> layer,
            INDArray x,
            long examples,
            RecurrentState state,
            @Nullable INDArray mask,
            LayerWorkspaceMgr workspaces) {
        SimpleRnnSteps.Weights weights = new SimpleRnnSteps.Weights(
                training().weight(layer, WEIGHT),
                training().weight(layer, RECURRENT),
                layer.getParam(BIAS),
                layer.layerConf().getActivationFn());
        return new SimpleRnnSteps(x, examples, weights, state, mask, ones, workspaces);
    }

    /** DL4J's backward pass begins every stretch with zeros, whatever its forward pass began with. */
    @Override
    RecurrentState stateBackward(BaseRecurrentLayer<?> layer) {
        return RecurrentState.NONE;
    }

    @Override
    void afterTruncated(BaseRecurrentLayer<?> layer, RecurrentSteps steps) {}

    @Override
    boolean masksBackward() {
        return true;
    }

    @Override
    boolean leavesOutFirst() {
        return true;
    }
}
