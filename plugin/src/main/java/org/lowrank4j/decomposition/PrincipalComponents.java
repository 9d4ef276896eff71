package org.lowrank4j.decomposition;

import org.nd4j.linalg.api.ndarray.INDArray;

/** The leading principal components of rows of features, whose mean is taken out. */
public interface PrincipalComponents {

    /** How many rows they are of. */
    long rows();

    /** The mean of each feature. */
    double[] mean();

    /** How many components there are. */
    int size();

    /** How many of the components have a variance that is not 0 up to rounding. */
    int varying();

    /** The singular values of the centred rows, largest first, one per component. */
    double[] singularValues();

    /** The share of each component in the variance of all features; all 0 if nothing varies. */
    double[] explainedVarianceRatios();

    /**
     * The components in the order of their singular values, as a new array.
     *
     * @return features x {@link #size()}, orthonormal columns
     */
    INDArray components();
}
