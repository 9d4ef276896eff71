package org.lowrank4j.reference;

import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer.BaseConvBuilder;

/** Two-dimensional convolutions. */
public final class Conv2dReference extends ConvolutionCases {

    public Conv2dReference() {
        super("conv2d");
    }

    @Override
    BaseConvBuilder<?> builder(ReferenceCase given) {
        return new ConvolutionLayer.Builder();
    }
}
