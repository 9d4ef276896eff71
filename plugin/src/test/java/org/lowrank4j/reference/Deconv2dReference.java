package org.lowrank4j.reference;

import org.deeplearning4j.nn.conf.layers.ConvolutionLayer.BaseConvBuilder;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;

/** Transposed convolutions, whose matrix is row-major. */
public final class Deconv2dReference extends ConvolutionCases {

    public Deconv2dReference() {
        super("deconv2d");
    }

    @Override
    BaseConvBuilder<?> builder(ReferenceCase given) {
        return new Deconvolution2D.Builder();
    }
}
