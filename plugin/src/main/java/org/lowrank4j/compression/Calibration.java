package org.lowrank4j.compression;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.api.Model;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Excerpt;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.dataset.api.iterator.MultiDataSetIterator;

/** Minibatches in memory that a compression looks at: inputs, and labels if they are known. */
public final class Calibration {

    private final List<Batch> batches;

    private Calibration(List<Batch> batches) {
        if (batches.isEmpty()) {
            throw new LowRankException("Calibration batches are needed, and the iterator has none left. Reset it, or"
                    + " give one with data.");
        }
        this.batches = List.copyOf(batches);
    }

    /**
     * Minibatches of an iterator, from where it stands.
     *
     * @param most how many at most
     * @throws LowRankException if it has none left
     */
    public static Calibration of(DataSetIterator iterator, int most) {
        List<Batch> read = new ArrayList<>();
        while (read.size() < most && iterator.hasNext()) {
            read.add(Batch.copyOf((DataSet) iterator.next()));
        }
        return new Calibration(read);
    }

    /** Minibatches of an iterator for a graph of several inputs; otherwise as {@link #of(DataSetIterator, int)}. */
    public static Calibration of(MultiDataSetIterator iterator, int most) {
        List<Batch> read = new ArrayList<>();
        while (read.size() < most && iterator.hasNext()) {
            read.add(Batch.copyOf((MultiDataSet) iterator.next()));
        }
        return new Calibration(read);
    }

    /** One minibatch without labels: an array for each input of the network, examples first. */
    public static Calibration of(INDArray... inputs) {
        return new Calibration(List.of(new Batch(inputs, null, null, null)));
    }

    /**
     * Inputs of a network with one input, in minibatches.
     *
     * @param labels as many; null for none
     * @param batch how many examples a minibatch has
     * @param most how many minibatches at most
     */
    public static Calibration of(INDArray inputs, @Nullable INDArray labels, int batch, int most) {
        List<Batch> parts = new ArrayList<>();
        Batch all = new Batch(new INDArray[] {inputs}, null, labels == null ? null : new INDArray[] {labels}, null);
        for (int first = 0; first < all.examples() && parts.size() < most; first += batch) {
            parts.add(all.examples(first, Math.min(all.examples(), first + batch)));
        }
        return new Calibration(parts);
    }

    /**
     * Requires that a network can answer it.
     *
     * @throws LowRankException if its inputs are not of the network's shape, or its labels not of the outputs'
     */
    public void requireFits(Model network) {
        Batch first = batches.get(0);
        INDArray[] outputs;
        try {
            outputs = ForwardPasses.of(network).outputs(first);
        } catch (RuntimeException refused) {
            throw new LowRankException(
                    "The network does not take inputs of the shape " + Arrays.toString(first.inputs()[0].shape())
                            + ", examples first: " + Excerpt.of(String.valueOf(refused.getMessage())),
                    refused);
        }
        INDArray[] labels = first.labels();
        for (int i = 0; labels != null && i < labels.length; i++) {
            if (!Arrays.equals(labels[i].shape(), outputs[i].shape())) {
                throw new LowRankException("The labels have the shape " + Arrays.toString(labels[i].shape())
                        + ", and the network's outputs " + Arrays.toString(outputs[i].shape()) + ".");
            }
        }
    }

    List<Batch> batches() {
        return batches;
    }

    /** Whether every minibatch has labels. */
    public boolean hasLabels() {
        return batches.stream().allMatch(batch -> batch.labels() != null);
    }

    /** Of the first minibatch. */
    public int batchSize() {
        return batches.get(0).examples();
    }

    /** How many examples there are. */
    public long examples() {
        return batches.stream().mapToLong(Batch::examples).sum();
    }
}
