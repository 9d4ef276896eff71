package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.jspecify.annotations.Nullable;

/** Of a plain recurrent layer the weights of the inputs (W) and of the previous outputs (RW). */
public final class SimpleRnn implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == org.deeplearning4j.nn.layers.recurrent.SimpleRnn.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(Matrix.asItIs("W"), Matrix.asItIs("RW"));
    }

    @Override
    public InputRows inputRows() {
        return new RecurrentRows(true);
    }

    @Override
    public List<String> types() {
        return List.of("SimpleRnn");
    }

    @Override
    public @Nullable StandIn standIn(Layer layer) {
        return SimpleRnnPasses.canRun((BaseLayer<?>) layer) ? SimpleRnnPasses::new : null;
    }
}
