package org.lowrank4j.convolution;

import org.nd4j.linalg.api.buffer.DataType;

/** Patches and planes in Java, products by BLAS: everywhere, and in both types. */
public final class PortableEngine implements ConvolutionEngine {

    @Override
    public String name(DataType type) {
        return "lowrank4j's own engine";
    }

    @Override
    public Convolution convolution(Frame frame, int examples, DataType type) {
        return frame.seesPixels() ? new PixelConvolution() : new PatchConvolution(new Patches(frame, examples, type));
    }

    @Override
    public Convolution depthwise(Frame frame, int multiplier, int examples, DataType type) {
        return new PlaneConvolution(frame, multiplier, examples, type);
    }
}
