package org.lowrank4j.compression;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.engine.BatchCopy;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * One calibration minibatch.
 *
 * @param inputs one array per input of the network, examples first
 * @param masks one per input, or null for none at all
 * @param labels one per output of the network, or null for none
 * @param labelMasks one per output, or null for none at all
 */
record Batch(
        INDArray[] inputs,
        INDArray @Nullable [] masks,
        INDArray @Nullable [] labels,
        INDArray @Nullable [] labelMasks) {

    /** In memory of its own, for an iterator that uses its memory again. */
    static Batch copyOf(DataSet data) {
        return copyOf(
                Objects.requireNonNull(one(data.getFeatures())),
                one(data.getFeaturesMaskArray()),
                one(data.getLabels()),
                one(data.getLabelsMaskArray()));
    }

    /** In memory of its own, for an iterator that uses its memory again. */
    static Batch copyOf(MultiDataSet data) {
        return copyOf(data.getFeatures(), data.getFeaturesMaskArrays(), data.getLabels(), data.getLabelsMaskArrays());
    }

    private static Batch copyOf(
            INDArray[] inputs,
            INDArray @Nullable [] masks,
            INDArray @Nullable [] labels,
            INDArray @Nullable [] labelMasks) {
        return new Batch(
                Objects.requireNonNull(BatchCopy.of(inputs)),
                BatchCopy.of(masks),
                BatchCopy.of(labels),
                BatchCopy.of(labelMasks));
    }

    private static INDArray @Nullable [] one(@Nullable INDArray array) {
        return array == null ? null : new INDArray[] {array};
    }

    int examples() {
        return (int) inputs[0].size(0);
    }

    /** Some of its examples, in memory of their own. */
    Batch examples(int from, int to) {
        return new Batch(
                Objects.requireNonNull(rows(inputs, from, to)),
                rows(masks, from, to),
                rows(labels, from, to),
                rows(labelMasks, from, to));
    }

    private static INDArray @Nullable [] rows(INDArray @Nullable [] arrays, int from, int to) {
        if (arrays == null) {
            return null;
        }
        INDArray[] rows = new INDArray[arrays.length];
        for (int i = 0; i < rows.length; i++) {
            if (arrays[i] != null) {
                INDArrayIndex[] some = new INDArrayIndex[arrays[i].rank()];
                Arrays.fill(some, NDArrayIndex.all());
                some[0] = NDArrayIndex.interval(from, to);
                rows[i] = arrays[i].get(some).dup();
            }
        }
        return rows;
    }
}
