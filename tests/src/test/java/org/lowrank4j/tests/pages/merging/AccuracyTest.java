package org.lowrank4j.tests.pages.merging;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import digits.DigitSet;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.LayerAdapter;
import org.lowrank4j.rule.Scaling;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class AccuracyTest {

    private final MultiLayerNetwork network = network();
    private final Accuracy accuracy = new Accuracy(network);

    /** One layer whose weights are small, so that an adapter decides. */
    private static MultiLayerNetwork network() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(1)
                .list()
                .layer(new OutputLayer.Builder()
                        .name("output")
                        .nIn(DigitSet.PIXELS)
                        .nOut(DigitSet.CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
        network.init();
        network.params().muli(1e-3);
        return network;
    }

    /** Takes everything for one digit. */
    private static Adapter always(int digit) {
        INDArray b = Nd4j.zeros(DataType.FLOAT, 1, DigitSet.CLASSES);
        b.putScalar(0, digit, 1);
        return new Adapter(Map.of(
                "output",
                new LayerAdapter(Nd4j.ones(DataType.FLOAT, DigitSet.PIXELS, 1), b, 1, Scaling.STANDARD, null)));
    }

    private static DigitSet white(int... labels) {
        byte[][] images = new byte[labels.length][DigitSet.PIXELS];
        byte[] bytes = new byte[labels.length];
        for (int i = 0; i < labels.length; i++) {
            Arrays.fill(images[i], (byte) 255);
            bytes[i] = (byte) labels[i];
        }
        return new DigitSet(images, bytes);
    }

    @Test
    void oneAdapterServesAllTasksOrEachItsOwn() {
        List<DigitSet> tasks = List.of(white(3, 3, 3, 5), white(5, 5, 5, 5));
        assertArrayEquals(new double[] {0.75, 0}, accuracy.ofOne(always(3), tasks));
        assertArrayEquals(new double[] {0.25, 1}, accuracy.ofOne(always(5), tasks));
        assertArrayEquals(new double[] {0.75, 1}, accuracy.ofEach(List.of(always(3), always(5)), tasks));
    }

    @Test
    void theBaseIsAsItWasAfterwards() {
        INDArray before = network.params().dup();
        List<DigitSet> tasks = List.of(white(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
        double[] base = accuracy.ofBase(tasks);
        accuracy.ofOne(always(4), tasks);
        assertEquals(before, network.params());
        assertArrayEquals(base, accuracy.ofBase(tasks));
    }

    @Test
    void theMeanIsOverTasks() {
        assertEquals(0.5, Accuracy.mean(new double[] {0.25, 0.75}));
    }
}
