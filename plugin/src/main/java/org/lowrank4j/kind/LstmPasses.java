package org.lowrank4j.kind;

import org.deeplearning4j.nn.conf.layers.AbstractLSTM;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.recurrent.BaseRecurrentLayer;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Those of an LSTM, with or without peepholes. */
final class LstmPasses extends RecurrentPasses {

    private final boolean peepholes;
    private final Ones ones = new Ones();

    /** @param peepholes whether it is DL4J's layer with peepholes, which treats state and masks in another way */
    LstmPasses(LayerTraining training, boolean peepholes) {
        super(training);
        this.peepholes = peepholes;
    }

    /** Whether these passes compute what DL4J would. */
    static boolean canRun(BaseLayer<?> layer) {
        AbstractLSTM settings = (AbstractLSTM) layer.layerConf();
        // DL4J's backward pass then takes the input without dropout, or drops other entries.
        boolean losesDropout = isStepsFirst(layer) && settings.getIDropout() != null;
        return Slopes.exist(settings.getActivationFn())
                && Slopes.exist(settings.getGateActivationFn())
                && !losesDropout;
    }

    @Override
    RecurrentSteps run(
            BaseRecurrentLayer<?> layer,
            INDArray x,
            long examples,
            RecurrentState state,
            @Nullable INDArray mask,
            LayerWorkspaceMgr workspaces) {
        AbstractLSTM settings = (AbstractLSTM) layer.layerConf();
        LstmSteps.Weights weights = new LstmSteps.Weights(
                training().weight(layer, WEIGHT),
                training().weight(layer, RECURRENT),
                layer.getParam(BIAS),
                settings.getActivationFn(),
                settings.getGateActivationFn());
        return new LstmSteps(x, examples, weights, state, mask, ones, workspaces);
    }

    @Override
    RecurrentState stateForward(BaseRecurrentLayer<?> layer) {
        return peepholes ? stateBackward(layer) : super.stateForward(layer);
    }

    @Override
    RecurrentState stateBackward(BaseRecurrentLayer<?> layer) {
        return RecurrentState.of(layer.rnnGetPreviousState());
    }

    @Override
    boolean masksBackward() {
        return peepholes;
    }

    @Override
    boolean leavesOutFirst() {
        return false;
    }
}
