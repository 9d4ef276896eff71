package org.lowrank4j.tests.engine;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.DataSetPreProcessor;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;

/** An iterator that knows which of its minibatches were taken and how often it was reset. */
final class CountedBatches implements DataSetIterator {

    private final List<DataSet> batches;
    private final boolean resettable;
    private int next;

    /** The numbers of the minibatches in the order in which they were taken. */
    final List<Integer> taken = new ArrayList<>();

    int resets;

    CountedBatches(List<DataSet> batches, boolean resettable) {
        this.batches = batches;
        this.resettable = resettable;
    }

    @Override
    public boolean hasNext() {
        return next < batches.size();
    }

    @Override
    public DataSet next() {
        taken.add(next);
        return batches.get(next++);
    }

    @Override
    public DataSet next(int examples) {
        return next();
    }

    @Override
    public void reset() {
        if (!resettable) {
            throw new UnsupportedOperationException("cannot be reset");
        }
        resets++;
        next = 0;
    }

    @Override
    public boolean resetSupported() {
        return resettable;
    }

    @Override
    public boolean asyncSupported() {
        return true;
    }

    @Override
    public int inputColumns() {
        return batches.get(0).numInputs();
    }

    @Override
    public int totalOutcomes() {
        return batches.get(0).numOutcomes();
    }

    @Override
    public int batch() {
        return batches.get(0).numExamples();
    }

    @Override
    public void setPreProcessor(DataSetPreProcessor preProcessor) {
        throw new UnsupportedOperationException("has none");
    }

    @Override
    @SuppressWarnings("NullAway")
    public DataSetPreProcessor getPreProcessor() {
        return null;
    }

    @Override
    public List<String> getLabels() {
        return List.of();
    }
}
