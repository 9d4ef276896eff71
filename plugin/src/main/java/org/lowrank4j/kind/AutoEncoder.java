package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Trainable;

/** W of an autoencoder in a network that is trained by labels; what only pretraining of the layer uses stays. */
public final class AutoEncoder implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == org.deeplearning4j.nn.layers.feedforward.autoencoder.AutoEncoder.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(Matrix.asItIs("W"));
    }
}
