package org.lowrank4j.kind;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The filters of a two-dimensional convolution as (channel, y) x (filter, x), whose rank is that of filters of one column
 * below filters of one row, beside M, (channel, y, x) x filter.
 */
public final class SpatialMatrix {

    private SpatialMatrix() {}

    /**
     * That of an M, as a new array.
     *
     * @param height of the filters
     * @param width of the filters
     */
    public static INDArray of(INDArray matrix, long height, long width) {
        long channels = matrix.size(0) / (height * width);
        return matrix.dup('f')
                .reshape('f', width, height, channels, matrix.size(1))
                .permute(2, 1, 3, 0)
                .dup('c')
                .reshape('c', channels * height, matrix.size(1) * width);
    }

    /** The M of one, as a new array. */
    public static INDArray back(INDArray spatial, long height, long width) {
        long channels = spatial.size(0) / height;
        long filters = spatial.size(1) / width;
        return spatial.dup('c')
                .reshape('c', channels, height, filters, width)
                .permute(3, 1, 0, 2)
                .dup('f')
                .reshape('f', channels * height * width, filters);
    }
}
