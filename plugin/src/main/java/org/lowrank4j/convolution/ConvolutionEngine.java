package org.lowrank4j.convolution;

import org.nd4j.linalg.api.buffer.DataType;

/** What computes the convolutions of one layer. */
public interface ConvolutionEngine {

    /** As reports name it, for numbers of a type. */
    String name(DataType type);

    /**
     * Filters that see all channels.
     *
     * @param examples of the pictures
     * @param type float or double
     */
    Convolution convolution(Frame frame, int examples, DataType type);

    /**
     * Filters that see one channel each.
     *
     * @param multiplier filters for each channel
     * @param examples of the pictures
     * @param type float or double
     */
    Convolution depthwise(Frame frame, int multiplier, int examples, DataType type);
}
