package org.lowrank4j.reference;

import org.deeplearning4j.nn.conf.layers.ConvolutionLayer.BaseConvBuilder;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;

/** Depthwise convolutions, whose matrix is row-major. */
public final class DepthwiseReference extends ConvolutionCases {

    public DepthwiseReference() {
        super("depthwise");
    }

    @Override
    BaseConvBuilder<?> builder(ReferenceCase given) {
        return new DepthwiseConvolution2D.Builder().depthMultiplier(given.whole("depth_multiplier"));
    }
}
