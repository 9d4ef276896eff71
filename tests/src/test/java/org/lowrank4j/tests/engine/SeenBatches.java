package org.lowrank4j.tests.engine;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.IntConsumer;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.nd4j.linalg.dataset.DataSet;

/** Minibatches that are taken on the thread that trains, with something to do before each and after the last. */
final class SeenBatches extends ExistingDataSetIterator {

    /**
     * @param before called with the number of batches taken so far, from 0 to all of them
     */
    SeenBatches(List<DataSet> batches, IntConsumer before) {
        super((Iterable<DataSet>) () -> watched(new ArrayList<>(batches), before));
    }

    private static Iterator<DataSet> watched(List<DataSet> batches, IntConsumer before) {
        Iterator<DataSet> all = batches.iterator();
        return new Iterator<>() {
            private int taken;
            private int told = -1;

            @Override
            public boolean hasNext() {
                if (told < taken) {
                    told = taken;
                    before.accept(taken);
                }
                return all.hasNext();
            }

            @Override
            public DataSet next() {
                taken++;
                return all.next();
            }
        };
    }

    @Override
    public boolean asyncSupported() {
        return false;
    }
}
