package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.convolution.DepthwiseConvolution2DLayer;

/**
 * The filters of a depthwise convolution, (y, x) x (channel, multiplier): a row for each place in the filter, a column for each
 * output, so that a low rank is a set of spatial filters that the channels share. The parameter is [kH, kW, nIn, multiplier].
 */
public final class DepthwiseConvolution2d implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == DepthwiseConvolution2DLayer.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(new Matrix("W", array -> {
            long places = array.size(0) * array.size(1);
            return Matrix.memory(array, places, array.length() / places, 'c');
        }));
    }

    @Override
    public PreActivation preActivation() {
        return PreActivation.OTHER;
    }

    @Override
    public StandIn standIn(Layer layer) {
        return DepthwisePasses::new;
    }

    @Override
    public DefaultTarget byDefault() {
        return DefaultTarget.NEVER;
    }
}
