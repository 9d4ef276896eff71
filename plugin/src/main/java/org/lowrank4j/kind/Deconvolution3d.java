package org.lowrank4j.kind;

import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.layers.convolution.Deconvolution3DLayer;

/**
 * The weights of a transposed convolution in three dimensions, channel x (depth, y, x, filter). The parameter is [kD, kH, kW,
 * nOut, nIn], so M is column-major.
 */
public final class Deconvolution3d implements LayerKind {

    @Override
    public boolean is(Trainable layer) {
        return layer.getClass() == Deconvolution3DLayer.class;
    }

    @Override
    public List<Matrix> matrices() {
        return List.of(
                new Matrix("W", array -> Matrix.memory(array, array.size(4), array.length() / array.size(4), 'f')));
    }

    @Override
    public StandIn standIn(Layer layer) {
        return VolumeDeconvolutionPasses::new;
    }
}
