package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.convolution.Deconvolution2DLayer;

/** The weights of a transposed convolution, channel x (filter, y, x): each input has a patch that it adds to the output. */
public final class Deconvolution2d implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == Deconvolution2DLayer.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(Matrix.fans("W"));
    }

    @Override
    public StandIn standIn(Layer layer) {
        return DeconvolutionPasses::new;
    }
}
