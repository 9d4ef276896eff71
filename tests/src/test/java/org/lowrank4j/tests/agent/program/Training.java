package org.lowrank4j.tests.agent.program;

import java.io.ObjectStreamClass;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.BaseLayer;
import org.deeplearning4j.nn.layers.BaseOutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/** A small training job that says exactly what it computed. */
public final class Training {

    private static final int INPUTS = 6;
    private static final int CLASSES = 3;
    private static final int EXAMPLES = 12;

    private Training() {}

    public static void main(String[] arguments) throws Exception {
        MultiLayerNetwork network = network();
        fit(network);
        report("", network);
        ComputationGraph graph = graph();
        for (int step = 0; step < 5; step++) {
            graph.fit(new INDArray[] {inputs()}, new INDArray[] {labels()});
        }
        result("graph.score", Double.toHexString(graph.score()));
        result("graph.parameters", digest(graph.params()));
        for (Class<?> type :
                new Class<?>[] {MultiLayerNetwork.class, ComputationGraph.class, BaseLayer.class, BaseOutputLayer.class
                }) {
            result(
                    "serialVersionUID." + type.getSimpleName(),
                    ObjectStreamClass.lookup(type).getSerialVersionUID());
        }
    }

    /** A network whose first layer has 6 x 8 weights. */
    public static MultiLayerNetwork network() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(new Adam(0.01))
                .list()
                .layer(new DenseLayer.Builder()
                        .nIn(INPUTS)
                        .nOut(8)
                        .activation(Activation.TANH)
                        .build())
                .layer(new OutputLayer.Builder()
                        .nIn(8)
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .build());
        network.init();
        return network;
    }

    private static ComputationGraph graph() {
        ComputationGraph graph = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .seed(11)
                .updater(new Adam(0.01))
                .graphBuilder()
                .addInputs("in")
                .addLayer(
                        "hidden",
                        new DenseLayer.Builder()
                                .nIn(INPUTS)
                                .nOut(8)
                                .activation(Activation.TANH)
                                .build(),
                        "in")
                .addLayer(
                        "out",
                        new OutputLayer.Builder()
                                .nIn(8)
                                .nOut(CLASSES)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "hidden")
                .setOutputs("out")
                .build());
        graph.init();
        return graph;
    }

    /** A few steps on data that do not depend on ND4J's generator. */
    public static void fit(MultiLayerNetwork network) {
        for (int step = 0; step < 5; step++) {
            network.fit(inputs(), labels());
        }
    }

    /** Prints the score and the parameters to the last bit. */
    public static void report(String prefix, MultiLayerNetwork network) throws Exception {
        result(prefix + "score", Double.toHexString(network.score()));
        result(prefix + "parameters", digest(network.params()));
        result(prefix + "output.bias", digest(network.getLayer(1).getParam("b")));
        result(prefix + "first.bias", digest(network.getLayer(0).getParam("b")));
    }

    /** Prints one result in the form that the tests look for. */
    public static void result(String name, Object value) {
        System.out.println("result " + name + " " + value);
    }

    private static INDArray inputs() {
        Random random = new Random(3);
        float[] values = new float[EXAMPLES * INPUTS];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return Nd4j.create(values, new int[] {EXAMPLES, INPUTS});
    }

    private static INDArray labels() {
        INDArray labels = Nd4j.zeros(EXAMPLES, CLASSES);
        for (int i = 0; i < EXAMPLES; i++) {
            labels.putScalar(i, i % CLASSES, 1);
        }
        return labels;
    }

    private static String digest(INDArray array) throws Exception {
        float[] values = array.dup().data().asFloat();
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
    }
}
