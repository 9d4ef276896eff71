package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.feedforward.PReLU;
import org.deeplearning4j.nn.layers.feedforward.elementwise.ElementWiseMultiplicationLayer;

/** A number for each input: weights to DL4J, and vectors. */
public final class Elementwise implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == PReLU.class || layer.getClass() == ElementWiseMultiplicationLayer.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of();
    }

    @Override
    public boolean weightsAreVectors() {
        return true;
    }
}
