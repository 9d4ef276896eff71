package org.lowrank4j.tests.engine;

import java.util.List;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** An iterator that fills one data set again for every minibatch, which DL4J allows where asyncSupported() is false. */
final class RefilledBatches extends ExistingDataSetIterator {

    private final DataSet refilled;

    /** @param batches of equal shapes */
    RefilledBatches(List<DataSet> batches) {
        super(batches);
        DataSet first = batches.get(0);
        refilled = new DataSet(
                Nd4j.zerosLike(first.getFeatures()),
                Nd4j.zerosLike(first.getLabels()),
                like(first.getFeaturesMaskArray()),
                like(first.getLabelsMaskArray()));
    }

    private static @Nullable INDArray like(@Nullable INDArray mask) {
        return mask == null ? null : Nd4j.zerosLike(mask);
    }

    private static void fill(@Nullable INDArray array, @Nullable INDArray with) {
        if (array != null && with != null) {
            array.assign(with);
        }
    }

    @Override
    public DataSet next() {
        DataSet next = super.next();
        fill(refilled.getFeatures(), next.getFeatures());
        fill(refilled.getLabels(), next.getLabels());
        fill(refilled.getFeaturesMaskArray(), next.getFeaturesMaskArray());
        fill(refilled.getLabelsMaskArray(), next.getLabelsMaskArray());
        return refilled;
    }

    @Override
    public boolean asyncSupported() {
        return false;
    }
}
