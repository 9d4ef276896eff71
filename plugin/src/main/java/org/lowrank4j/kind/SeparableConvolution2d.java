package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.convolution.SeparableConvolution2DLayer;

/** Of a separable convolution the pointwise part, which has nearly all of the weights, and not the filters of single channels. */
public final class SeparableConvolution2d implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == SeparableConvolution2DLayer.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(Matrix.filters("pW"));
    }

    @Override
    public PreActivation preActivation() {
        return PreActivation.OTHER;
    }

    @Override
    public StandIn standIn(Layer layer) {
        return SeparablePasses::new;
    }
}
