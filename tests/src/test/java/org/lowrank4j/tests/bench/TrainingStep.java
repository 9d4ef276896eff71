package org.lowrank4j.tests.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * One {@code fit} as a user would write it: dense ReLU layers, convolutions or LSTMs of equal width, a softmax head of
 * ten classes, Adam 1e-3 or SGD 1e-2, float; of one minibatch, or of all that an iterator over memory has. Whether it is
 * adapted is the agent's business.
 *
 * <p>The labels turn with every step, so that no network can fit them: a vanishing loss would fill Adam's state with
 * denormal numbers, and their slow arithmetic would be what is timed.
 */
final class TrainingStep implements Work {

    static final int CLASSES = 10;
    private static final long SEED = 12345;

    private final int steps;
    private final Runnable fit;
    private final List<DataSet> data = new ArrayList<>();
    private int next;

    /** @param frozen whether everything but the head is frozen, in DL4J's own way */
    TrainingStep(Workload workload, boolean frozen) {
        steps = workload.minibatches();
        fit = workload.network().equals("cg") ? fitOfGraph(workload, frozen) : fitOfMultiLayer(workload, frozen);
        Nd4j.getRandom().setSeed(SEED);
        INDArray x = workload.embeds()
                ? tokens(workload)
                : workload.convolves()
                        ? Nd4j.randn(workload.batch(), workload.width(), Workload.SIDE, Workload.SIDE)
                        : workload.recurs()
                                ? Nd4j.randn(workload.batch(), workload.width(), Workload.STEPS)
                                : Nd4j.randn(workload.batch(), workload.width());
        for (int turn = 0; turn < CLASSES; turn++) {
            INDArray y = Nd4j.zeros(workload.batch(), CLASSES);
            for (int i = 0; i < workload.batch(); i++) {
                y.putScalar(i, (i + turn) % CLASSES, 1);
            }
            data.add(new DataSet(x, y));
        }
    }

    @Override
    public void run() {
        fit.run();
    }

    @Override
    public int steps() {
        return steps;
    }

    private DataSet minibatch() {
        DataSet minibatch = data.get(next);
        next = (next + 1) % data.size();
        return minibatch;
    }

    private DataSetIterator minibatches() {
        return new ExistingDataSetIterator(
                Stream.generate(this::minibatch).limit(steps).toList());
    }

    private Runnable fitOfMultiLayer(Workload workload, boolean frozen) {
        NeuralNetConfiguration.ListBuilder layers = settings(workload).list();
        if (workload.embeds()) {
            layers.layer(embedding(workload.width(), frozen));
            layers.layer(new GlobalPoolingLayer.Builder(PoolingType.AVG).build());
        }
        for (int i = 0; i < workload.depth() && !workload.embeds(); i++) {
            if (workload.isDepthwise()) {
                layers.layer(depthwise(workload.width(), frozen));
                layers.layer(convolution(1, workload.width(), frozen));
            } else if (workload.convolves()) {
                layers.layer(convolution(3, workload.width(), frozen));
            } else {
                layers.layer(workload.recurs() ? lstm(workload.width(), frozen) : dense(workload.width(), frozen));
            }
        }
        if (workload.recurs()) {
            layers.layer(new GlobalPoolingLayer.Builder().build());
        }
        if (workload.convolves()) {
            layers.layer(new GlobalPoolingLayer.Builder().build());
            layers.setInputType(InputType.convolutional(Workload.SIDE, Workload.SIDE, workload.width()));
        }
        MultiLayerNetwork network =
                new MultiLayerNetwork(layers.layer(head(workload.top())).build());
        network.init();
        return workload.fitsIterator() ? () -> network.fit(minibatches()) : () -> network.fit(minibatch());
    }

    private Runnable fitOfGraph(Workload workload, boolean frozen) {
        ComputationGraph network = graph(workload, frozen);
        return workload.fitsIterator() ? () -> network.fit(minibatches()) : () -> network.fit(minibatch());
    }

    /** A new graph of dense layers and a head. */
    static ComputationGraph graph(Workload workload, boolean frozen) {
        ComputationGraphConfiguration.GraphBuilder vertices = settings(workload).graphBuilder();
        vertices.addInputs("in");
        int depth = workload.depth();
        for (int i = 0; i < depth; i++) {
            vertices.addLayer("dense" + i, dense(workload.width(), frozen), i == 0 ? "in" : "dense" + (i - 1));
        }
        vertices.addLayer("head", head(workload.width()), "dense" + (depth - 1)).setOutputs("head");
        ComputationGraph network = new ComputationGraph(vertices.build());
        network.init();
        return network;
    }

    private static NeuralNetConfiguration.Builder settings(Workload workload) {
        IUpdater updater = workload.updater().equals("sgd") ? new Sgd(1e-2) : new Adam(1e-3);
        return new NeuralNetConfiguration.Builder().seed(SEED).updater(updater);
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

    /** Padded, so that all pictures have one size. */
    private static Layer convolution(int side, int channels, boolean frozen) {
        ConvolutionLayer convolution = new ConvolutionLayer.Builder(side, side)
                .padding(side / 2, side / 2)
                .nIn(channels)
                .nOut(channels)
                .activation(Activation.RELU)
                .build();
        return frozen ? new FrozenLayer(convolution) : convolution;
    }

    private static Layer depthwise(int channels, boolean frozen) {
        DepthwiseConvolution2D convolution = new DepthwiseConvolution2D.Builder(3, 3)
                .padding(1, 1)
                .depthMultiplier(1)
                .nIn(channels)
                .nOut(channels)
                .activation(Activation.RELU)
                .build();
        return frozen ? new FrozenLayer(convolution) : convolution;
    }

    private static Layer lstm(int units, boolean frozen) {
        LSTM lstm = new LSTM.Builder()
                .nIn(units)
                .nOut(units)
                .activation(Activation.TANH)
                .build();
        return frozen ? new FrozenLayer(lstm) : lstm;
    }

    private static Layer embedding(int tokens, boolean frozen) {
        EmbeddingSequenceLayer embedding = new EmbeddingSequenceLayer.Builder()
                .nIn(tokens)
                .nOut(Workload.UNITS)
                .inputLength(Workload.TOKENS)
                .build();
        return frozen ? new FrozenLayer(embedding) : embedding;
    }

    private static INDArray tokens(Workload workload) {
        return Transforms.floor(Nd4j.rand(workload.batch(), Workload.TOKENS).muli(workload.width()), false);
    }

    private static OutputLayer head(int width) {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .nIn(width)
                .nOut(CLASSES)
                .activation(Activation.SOFTMAX)
                .build();
    }
}
