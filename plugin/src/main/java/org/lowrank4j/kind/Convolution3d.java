package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.convolution.Convolution3DLayer;

/** The filters of a three-dimensional convolution, (channel, depth, y, x) x filter. */
public final class Convolution3d implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == Convolution3DLayer.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(Matrix.filters("W"));
    }

    @Override
    public StandIn standIn(Layer layer) {
        return VolumePasses::new;
    }
}
