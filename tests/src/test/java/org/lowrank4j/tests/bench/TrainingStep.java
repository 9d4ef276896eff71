package org.lowrank4j.tests.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * One {@code fit} of a multilayer perceptron as a user would write it: dense ReLU layers of equal width, a softmax head of
 * ten classes, Adam 1e-3, float. Whether it is adapted is the agent's business.
 *
 * <p>The labels turn with every step, so that no network can fit them: a vanishing loss would fill Adam's state with
 * denormal numbers, and their slow arithmetic would be what is timed.
 */
final class TrainingStep implements Runnable {

    static final int CLASSES = 10;
    private static final long SEED = 12345;

    private final Consumer<DataSet> fit;
    private final List<DataSet> data = new ArrayList<>();
    private int next;

    /**
     * @param network mln or cg
     * @param frozen whether everything but the head is frozen, in DL4J's own way
     */
    TrainingStep(String network, int width, int batch, int depth, boolean frozen) {
        fit = network.equals("cg") ? graph(width, depth, frozen)::fit : multiLayer(width, depth, frozen);
        Nd4j.getRandom().setSeed(SEED);
        INDArray x = Nd4j.randn(batch, width);
        for (int turn = 0; turn < CLASSES; turn++) {
            INDArray y = Nd4j.zeros(batch, CLASSES);
            for (int i = 0; i < batch; i++) {
                y.putScalar(i, (i + turn) % CLASSES, 1);
            }
            data.add(new DataSet(x, y));
        }
    }

    @Override
    public void run() {
        fit.accept(data.get(next));
        next = (next + 1) % data.size();
    }

    private static Consumer<DataSet> multiLayer(int width, int depth, boolean frozen) {
        NeuralNetConfiguration.ListBuilder layers = settings().list();
        for (int i = 0; i < depth; i++) {
            layers.layer(dense(width, frozen));
        }
        MultiLayerNetwork network =
                new MultiLayerNetwork(layers.layer(head(width)).build());
        network.init();
        return network::fit;
    }

    /** A new graph of dense layers and a head. */
    static ComputationGraph graph(int width, int depth, boolean frozen) {
        ComputationGraphConfiguration.GraphBuilder vertices = settings().graphBuilder();
        vertices.addInputs("in");
        for (int i = 0; i < depth; i++) {
            vertices.addLayer("dense" + i, dense(width, frozen), i == 0 ? "in" : "dense" + (i - 1));
        }
        vertices.addLayer("head", head(width), "dense" + (depth - 1)).setOutputs("head");
        ComputationGraph network = new ComputationGraph(vertices.build());
        network.init();
        return network;
    }

    private static NeuralNetConfiguration.Builder settings() {
        return new NeuralNetConfiguration.Builder().seed(SEED).updater(new Adam(1e-3));
    }

    /** Frozen by the wrapper that transfer learning puts around layers. */
    private static Layer dense(int width, boolean frozen) {
        DenseLayer dense = new DenseLayer.Builder()
                .nIn(width)
                .nOut(width)
                .activation(Activation.RELU)
                .build();
        return frozen ? new FrozenLayer(dense) : dense;
    }

    private static OutputLayer head(int width) {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .nIn(width)
                .nOut(CLASSES)
                .activation(Activation.SOFTMAX)
                .build();
    }
}
