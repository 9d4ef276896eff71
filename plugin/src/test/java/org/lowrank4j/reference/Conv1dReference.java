package org.lowrank4j.reference;

import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer.BaseConvBuilder;

/** One-dimensional convolutions, whose matrix is row-major. */
public final class Conv1dReference extends ConvolutionCases {

    public Conv1dReference() {
        super("conv1d");
    }

    @Override
    BaseConvBuilder<?> builder(ReferenceCase given) {
        return new Convolution1DLayer.Builder();
    }
}
