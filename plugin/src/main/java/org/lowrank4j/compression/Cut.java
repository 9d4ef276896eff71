package org.lowrank4j.compression;

/** How a layer is cut into two: which of its matrices is U S V^T, and which of the two layers gets the singular values S. */
public enum Cut {

    /**
     * M, and the root of S for both: of a convolution filters of its size and then filters of one pixel, as channel-wise in
     * Trained Rank Pruning (arXiv 2004.14566, section 3.1).
     */
    BALANCED(0.5, 0.5),

    /** M, and S for the first, as Greenformers' layers made by SVD (arXiv 2109.06762, and the released code). */
    GREENFORMERS(1, 0),

    /**
     * Of a two-dimensional convolution (channel, y) x (filter, x), and S for the second: filters of one column and then
     * filters of one row, as spatial-wise in Trained Rank Pruning. All other layers as {@link #BALANCED}.
     */
    SPATIAL(0, 1);

    private final double first;
    private final double second;

    Cut(double first, double second) {
        this.first = first;
        this.second = second;
    }

    /** The power of the singular values that the first layer gets. */
    double first() {
        return first;
    }

    /** The power of the singular values that the second layer gets. */
    double second() {
        return second;
    }
}
