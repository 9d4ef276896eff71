package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.util.Set;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** The small networks that most tests train, and how their results are compared. */
final class Nets {

    static final int INPUTS = 6;
    static final int HIDDEN = 8;
    static final int CLASSES = 3;

    private Nets() {}

    static NeuralNetConfiguration.Builder settings(DataType type, IUpdater updater) {
        return new NeuralNetConfiguration.Builder().seed(5).dataType(type).updater(updater);
    }

    /** Dense 6-8, dense 8-7, softmax head 7-3; no name, so the layers are layer0 to layer2. */
    static MultiLayerConfiguration layers(NeuralNetConfiguration.Builder settings) {
        return settings.list()
                .layer(dense(INPUTS, HIDDEN))
                .layer(dense(HIDDEN, HIDDEN - 1))
                .layer(head(HIDDEN - 1))
                .build();
    }

    /** The same layers as a graph: first, second, out. */
    static ComputationGraphConfiguration graph(NeuralNetConfiguration.Builder settings) {
        return settings.graphBuilder()
                .addInputs("in")
                .addLayer("first", dense(INPUTS, HIDDEN), "in")
                .addLayer("second", dense(HIDDEN, HIDDEN - 1), "first")
                .addLayer("out", head(HIDDEN - 1), "second")
                .setOutputs("out")
                .build();
    }

    static DenseLayer dense(int inputs, int outputs) {
        return new DenseLayer.Builder()
                .nIn(inputs)
                .nOut(outputs)
                .activation(Activation.TANH)
                .build();
    }

    static OutputLayer head(int inputs) {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(inputs)
                .nOut(CLASSES)
                .build();
    }

    static MultiLayerNetwork initialised(MultiLayerConfiguration configuration) {
        MultiLayerNetwork network = new MultiLayerNetwork(configuration);
        network.init();
        return network;
    }

    static ComputationGraph initialised(ComputationGraphConfiguration configuration) {
        ComputationGraph graph = new ComputationGraph(configuration);
        graph.init();
        return graph;
    }

    /** The length of the gradient vector that the last step used; whoever asks the network for it is lent a whole one. */
    static long gradientEntries(MultiLayerNetwork network) {
        try {
            Field field = MultiLayerNetwork.class.getDeclaredField("flattenedGradients");
            field.setAccessible(true);
            return ((INDArray) field.get(network)).length();
        } catch (ReflectiveOperationException otherDl4j) {
            throw new AssertionError(otherDl4j);
        }
    }

    /** Equal in every bit. */
    static void assertSame(INDArray expected, INDArray actual, String what) {
        assertArrayEquals(expected.shape(), actual.shape(), what);
        assertArrayEquals(
                expected.dup('c').data().asDouble(), actual.dup('c').data().asDouble(), what);
    }

    /** Equal up to a tolerance relative to the largest entry. */
    static void assertClose(INDArray expected, INDArray actual, double tolerance, String what) {
        double difference = expected.sub(actual).normmaxNumber().doubleValue();
        double size = expected.normmaxNumber().doubleValue();
        assertTrue(difference <= tolerance * size, () -> what + " differs by " + difference + " of " + size);
    }

    /** These parameters have trained, and no others. */
    static void assertTrained(MultiLayerNetwork before, MultiLayerNetwork after, Set<String> trained) {
        before.paramTable().forEach((name, value) -> {
            if (trained.contains(name)) {
                assertMoved(value, after.getParam(name), name);
            } else {
                assertSame(value, after.getParam(name), name);
            }
        });
    }

    /** Not equal: something has trained. */
    static void assertMoved(INDArray before, INDArray after, String what) {
        assertTrue(before.sub(after).normmaxNumber().doubleValue() > 0, () -> what + " did not move");
        assertEquals(0, after.sub(after).normmaxNumber().doubleValue(), () -> what + " is not finite");
    }
}
