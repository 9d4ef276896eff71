package org.lowrank4j.reference;

import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer.BaseConvBuilder;

/** Three-dimensional convolutions. */
public final class Conv3dReference extends ConvolutionCases {

    public Conv3dReference() {
        super("conv3d");
    }

    @Override
    BaseConvBuilder<?> builder(ReferenceCase given) {
        return new Convolution3D.Builder();
    }
}
