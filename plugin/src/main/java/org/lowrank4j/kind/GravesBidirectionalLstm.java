package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.recurrent.GravesBidirectionalLSTM;
import org.jspecify.annotations.Nullable;

/** Two of {@link GravesLstm} in one layer, forwards (WF, RWF) and backwards (WB, RWB). */
public final class GravesBidirectionalLstm implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == GravesBidirectionalLSTM.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(
                Matrix.asItIs("WF"), GravesLstm.recurrent("RWF"), Matrix.asItIs("WB"), GravesLstm.recurrent("RWB"));
    }

    @Override
    public PreActivation preActivation() {
        return PreActivation.GATED;
    }

    @Override
    public InputRows inputRows() {
        return new RecurrentRows(false);
    }

    @Override
    public List<String> types() {
        return List.of("GravesBidirectionalLSTM");
    }

    @Override
    public @Nullable StandIn standIn(Layer layer) {
        return BothWaysPasses.canRun((BaseLayer<?>) layer) ? BothWaysPasses::new : null;
    }
}
