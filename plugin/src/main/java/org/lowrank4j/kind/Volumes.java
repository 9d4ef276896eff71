package org.lowrank4j.kind;

import org.deeplearning4j.nn.conf.layers.Convolution3D.DataFormat;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The two formats of DL4J's arrays of volumes, on the same memory. */
final class Volumes {

    private Volumes() {}

    /** Examples x channels x depth x height x width. */
    static INDArray channelsFirst(DataFormat format, INDArray array) {
        return format == DataFormat.NDHWC ? array.permute(0, 4, 1, 2, 3) : array;
    }

    /** Back from {@link #channelsFirst}. */
    static INDArray inFormat(DataFormat format, INDArray array) {
        return format == DataFormat.NDHWC ? array.permute(0, 2, 3, 4, 1) : array;
    }
}
