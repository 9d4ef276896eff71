package org.lowrank4j.tests.engine;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Small made-up data sets that depend on their seed alone, never on ND4J's global generator. */
final class Data {

    private Data() {}

    /** Normally distributed entries. */
    static INDArray normal(long seed, DataType type, long... shape) {
        Random random = new Random(seed);
        INDArray array = Nd4j.create(DataType.DOUBLE, shape);
        for (long i = 0; i < array.length(); i++) {
            array.putScalar(i, random.nextGaussian());
        }
        return array.castTo(type);
    }

    /** One-hot rows for random classes. */
    static INDArray oneHot(long seed, DataType type, int examples, int classes) {
        Random random = new Random(seed);
        INDArray labels = Nd4j.zeros(type, examples, classes);
        for (int i = 0; i < examples; i++) {
            labels.putScalar(i, random.nextInt(classes), 1);
        }
        return labels;
    }

    /** Inputs without a relation to their classes: gradients are never small. */
    static DataSet classes(long seed, DataType type, int examples, int inputs, int classes) {
        return new DataSet(normal(seed, type, examples, inputs), oneHot(seed + 1, type, examples, classes));
    }

    /** Targets that are linear in the inputs, so that a network can learn them. */
    static DataSet linear(long seed, DataType type, int examples, int inputs, int outputs) {
        INDArray x = normal(seed, type, examples, inputs);
        return new DataSet(x, x.mmul(normal(seed + 1, type, inputs, outputs)));
    }

    /** Sequences (examples x features x steps) with a class at each step. */
    static DataSet sequences(long seed, DataType type, int examples, int inputs, int classes, int steps) {
        Random random = new Random(seed + 1);
        INDArray labels = Nd4j.zeros(type, examples, classes, steps);
        for (int i = 0; i < examples; i++) {
            for (int t = 0; t < steps; t++) {
                labels.putScalar(new int[] {i, random.nextInt(classes), t}, 1);
            }
        }
        return new DataSet(normal(seed, type, examples, inputs, steps), labels);
    }

    /** Batches of sequences, with a mask of features and labels or without one. */
    static List<DataSet> series(int batches, int examples, int inputs, int classes, int steps, boolean masked) {
        return IntStream.range(0, batches)
                .mapToObj(i -> {
                    DataSet data = sequences(10L * i, DataType.FLOAT, examples, inputs, classes, steps);
                    if (masked) {
                        data.setFeaturesMaskArray(mask(10L * i + 2, DataType.FLOAT, examples, steps));
                        data.setLabelsMaskArray(mask(10L * i + 2, DataType.FLOAT, examples, steps));
                    }
                    return data;
                })
                .toList();
    }

    /** A mask of ones and zeros with at least one 1 in every row. */
    static INDArray mask(long seed, DataType type, int examples, int steps) {
        Random random = new Random(seed);
        INDArray mask = Nd4j.zeros(type, examples, steps);
        for (int i = 0; i < examples; i++) {
            mask.putScalar(i, random.nextInt(steps), 1);
            for (int t = 0; t < steps; t++) {
                if (random.nextBoolean()) {
                    mask.putScalar(i, t, 1);
                }
            }
        }
        return mask;
    }
}
