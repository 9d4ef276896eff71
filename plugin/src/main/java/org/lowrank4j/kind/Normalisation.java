package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.normalization.BatchNormalization;

/** A batch normalisation, which has vectors only. */
public final class Normalisation implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == BatchNormalization.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of();
    }

    @Override
    public boolean trainsAsAWhole() {
        return true;
    }
}
