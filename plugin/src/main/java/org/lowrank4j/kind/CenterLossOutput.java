package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.training.CenterLossOutputLayer;

/** W of an output layer with centre loss; its centres follow a rule of their own. */
public final class CenterLossOutput implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == CenterLossOutputLayer.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(Matrix.asItIs("W"));
    }

    @Override
    public DefaultTarget byDefault() {
        return DefaultTarget.NEVER;
    }
}
