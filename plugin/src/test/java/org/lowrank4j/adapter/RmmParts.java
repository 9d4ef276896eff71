package org.lowrank4j.adapter;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Opens the parts of Reversible Model Merging to the reference cases of another package. */
public final class RmmParts {

    private final PositionBases bases;

    private RmmParts(PositionBases bases) {
        this.bases = bases;
    }

    /** Decomposes one factor, tasks x rows x columns; its positions are its columns if it is transposed, else its rows. */
    public static RmmParts of(INDArray factors, int p, boolean transposed) {
        List<INDArray> list = new ArrayList<>();
        for (long task = 0; task < factors.size(0); task++) {
            INDArray factor = factors.get(NDArrayIndex.point(task), NDArrayIndex.all(), NDArrayIndex.all());
            list.add(transposed ? factor.transpose() : factor);
        }
        return new RmmParts(PositionBases.of(list, p));
    }

    public static INDArray[] aligned(INDArray a, INDArray b, int rank) {
        return ReversibleMerge.aligned(a, b, rank);
    }

    public INDArray mean() {
        return bases.mean();
    }

    public INDArray basis() {
        return bases.basis();
    }

    public INDArray coefficients() {
        return bases.coefficients();
    }

    public double[] dropped() {
        return bases.dropped();
    }

    public long size() {
        return bases.size();
    }

    public INDArray rebuilt(int task) {
        return bases.rebuilt(task);
    }
}
