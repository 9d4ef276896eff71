package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.ocnn.OCNNOutputLayer;

/** An output layer for one class: no matrix of it can be adapted. Once an epoch it sets r, a percentile of its outputs. */
public final class OneClassOutput implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == OCNNOutputLayer.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of();
    }

    @Override
    public PreActivation preActivation() {
        return PreActivation.OTHER;
    }

    @Override
    public boolean trainsAsAWhole() {
        return true;
    }

    @Override
    public List<String> statistics() {
        return setByItself();
    }

    @Override
    public List<String> setByItself() {
        return List.of("r");
    }
}
