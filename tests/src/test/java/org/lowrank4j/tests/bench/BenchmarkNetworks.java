package org.lowrank4j.tests.bench;

import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
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
import org.deeplearning4j.nn.weights.WeightInitRelu;
import org.deeplearning4j.zoo.model.ResNet50;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.ops.transforms.Transforms;

/** The networks of the workloads, as a user would write them, in float: a softmax head of ten classes above their layers. */
final class BenchmarkNetworks {

    static final int CLASSES = 10;
    private static final int COLOURS = 3;
    private static final long SEED = 12345;

    private BenchmarkNetworks() {}

    /** A new network, and whether its dense layers are frozen in DL4J's own way. */
    static Model of(Workload workload, boolean frozen) {
        return switch (workload.network()) {
            case "cg" -> graph(workload, frozen);
            case "resnet50" -> ready(resNet50(workload));
            case "mobilenetv2" -> ready(new ComputationGraph(MobileNetV2.of(settings(workload), workload.size())));
            default -> ready(multiLayer(workload, frozen));
        };
    }

    /** One minibatch of what goes in. */
    static INDArray input(Workload workload) {
        Nd4j.getRandom().setSeed(SEED);
        int batch = workload.batch();
        int size = workload.size();
        if (workload.embeds()) {
            return Transforms.floor(Nd4j.rand(batch, Workload.TOKENS).muli(size), false);
        } else if (workload.recurs()) {
            return Nd4j.randn(batch, workload.width(), size);
        }
        return workload.seesPictures()
                ? Nd4j.randn(batch, workload.isWhole() ? COLOURS : 1, size, size)
                : Nd4j.randn(batch, workload.width());
    }

    private static MultiLayerNetwork multiLayer(Workload workload, boolean frozen) {
        NeuralNetConfiguration.ListBuilder layers = settings(workload).list();
        if (workload.seesPictures()) {
            layers.layer(convolution(3, 1, workload.width()));
            layers.setInputType(InputType.convolutional(workload.size(), workload.size(), 1));
        }
        for (int i = 0; i < workload.depth(); i++) {
            add(layers, workload, frozen);
        }
        if (!workload.isDense()) {
            layers.layer(new GlobalPoolingLayer.Builder(PoolingType.AVG).build());
        }
        return new MultiLayerNetwork(layers.layer(head(workload.width())).build());
    }

    private static void add(NeuralNetConfiguration.ListBuilder layers, Workload workload, boolean frozen) {
        int width = workload.width();
        switch (workload.kind()) {
            case "conv" -> layers.layer(convolution(workload.kernel(), width, width));
            case "depthwise" -> {
                layers.layer(depthwise(workload));
                if (!workload.isFrozen()) {
                    layers.layer(convolution(1, width, width));
                }
            }
            case "batchnorm" ->
                layers.layer(new BatchNormalization.Builder().nOut(width).build());
            case "lstm" ->
                layers.layer(new LSTM.Builder()
                        .nIn(width)
                        .nOut(width)
                        .activation(Activation.TANH)
                        .build());
            case "embedding" ->
                layers.layer(new EmbeddingSequenceLayer.Builder()
                        .nIn(workload.size())
                        .nOut(width)
                        .inputLength(Workload.TOKENS)
                        .build());
            default -> layers.layer(dense(width, frozen));
        }
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

    /** Of the zoo, with weights whose activations stay finite in a network that has not been trained. */
    private static ComputationGraph resNet50(Workload workload) {
        return ResNet50.builder()
                .inputShape(new int[] {COLOURS, workload.size(), workload.size()})
                .numClasses(CLASSES)
                .updater(updater(workload))
                .weightInit(new WeightInitRelu())
                .build()
                .init();
    }

    private static Model ready(Model network) {
        if (network instanceof MultiLayerNetwork layers && !layers.isInitCalled()) {
            layers.init();
        } else if (network instanceof ComputationGraph graph) {
            graph.init();
        }
        return network;
    }

    private static NeuralNetConfiguration.Builder settings(Workload workload) {
        return new NeuralNetConfiguration.Builder().seed(SEED).updater(updater(workload));
    }

    private static IUpdater updater(Workload workload) {
        return workload.updater().equals("sgd") ? new Sgd(1e-2) : new Adam(1e-3);
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
    private static Layer convolution(int side, int channels, int filters) {
        return new ConvolutionLayer.Builder(side, side)
                .padding(side / 2, side / 2)
                .nIn(channels)
                .nOut(filters)
                .activation(Activation.RELU)
                .build();
    }

    private static Layer depthwise(Workload workload) {
        int side = workload.kernel();
        return new DepthwiseConvolution2D.Builder(side, side)
                .padding(side / 2, side / 2)
                .depthMultiplier(1)
                .nIn(workload.width())
                .nOut(workload.width())
                .activation(Activation.RELU)
                .build();
    }

    static OutputLayer head(int width) {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .nIn(width)
                .nOut(CLASSES)
                .activation(Activation.SOFTMAX)
                .build();
    }
}
