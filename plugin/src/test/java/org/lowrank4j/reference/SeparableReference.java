package org.lowrank4j.reference;

import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer.BaseConvBuilder;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;

/** Separable convolutions, whose pointwise part is adapted. */
public final class SeparableReference extends ConvolutionCases {

    public SeparableReference() {
        super("separable");
    }

    @Override
    BaseConvBuilder<?> builder(ReferenceCase given) {
        return new SeparableConvolution2D.Builder()
                .dataFormat(CNN2DFormat.NCHW)
                .depthMultiplier(given.whole("depth_multiplier"));
    }

    @Override
    void addOwn(OneLayer layer, Outcome outcome) {
        outcome.notProduced("inner", "the layer keeps what its depthwise part puts out to itself");
    }
}
