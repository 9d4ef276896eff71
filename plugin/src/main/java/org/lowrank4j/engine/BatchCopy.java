package org.lowrank4j.engine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Minibatches that outlive the call that they came with, in memory of their own and outside any workspace: an iterator may
 * fill the arrays that it gave out again. To detach an array copies it from a workspace only.
 */
public final class BatchCopy {

    private BatchCopy() {}

    static DataSet of(DataSet users) {
        DataSet copy = new DataSet(
                of(users.getFeatures()),
                of(users.getLabels()),
                of(users.getFeaturesMaskArray()),
                of(users.getLabelsMaskArray()));
        copy.setExampleMetaData(users.getExampleMetaData());
        return copy;
    }

    static MultiDataSet of(MultiDataSet users) {
        MultiDataSet copy = new org.nd4j.linalg.dataset.MultiDataSet(
                of(users.getFeatures()),
                of(users.getLabels()),
                of(users.getFeaturesMaskArrays()),
                of(users.getLabelsMaskArrays()));
        copy.setExampleMetaData(users.getExampleMetaData());
        return copy;
    }

    /** All arrays, null where one or all are null. */
    public static INDArray @Nullable [] of(INDArray @Nullable [] users) {
        return users == null ? null : Arrays.stream(users).map(BatchCopy::of).toArray(INDArray[]::new);
    }

    /** In the same order of entries; null for null. */
    public static @Nullable INDArray of(@Nullable INDArray users) {
        if (users == null) {
            return null;
        }
        try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            return users.dup(users.ordering());
        }
    }
}
