package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.convolution.ConvolutionLayer;
import org.jspecify.annotations.Nullable;

/** The filters of a two-dimensional convolution, (channel, y, x) x filter. */
public final class Convolution2d implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == ConvolutionLayer.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(Matrix.filters("W"));
    }

    @Override
    public InputRows inputRows() {
        return new PatchRows();
    }

    @Override
    public List<String> types() {
        return List.of("ConvolutionLayer");
    }

    @Override
    public StandIn standIn(Layer layer) {
        return ConvolutionPasses::new;
    }

    @Override
    public @Nullable TwoLayers twoLayers(Layer layer) {
        return TwoLayers.ofFilters(layer);
    }
}
