package org.lowrank4j.tests.bench;

import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.impl.ActivationReLU6;

/** MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381, table 2) with the width of the paper, without weights. */
final class MobileNetV2 {

    /** Expansion t, channels c, repetitions n, stride s of the first. */
    private static final int[][] BOTTLENECKS = {
        {1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}
    };

    private static final int FIRST = 32;
    private static final int LAST = 1280;

    private final GraphBuilder vertices;
    private String top = "in";
    private int channels = 3;
    private int number;

    private MobileNetV2(GraphBuilder vertices) {
        this.vertices = vertices;
    }

    /** @param side pixels on each side of its pictures */
    static ComputationGraphConfiguration of(NeuralNetConfiguration.Builder settings, int side) {
        GraphBuilder vertices = settings.weightInit(WeightInit.RELU)
                .convolutionMode(ConvolutionMode.Same)
                .graphBuilder();
        vertices.addInputs("in").setInputTypes(InputType.convolutional(side, side, 3));
        MobileNetV2 network = new MobileNetV2(vertices);
        network.convolution(FIRST, 3, 2, true);
        for (int[] row : BOTTLENECKS) {
            for (int i = 0; i < row[2]; i++) {
                network.bottleneck(row[0], row[1], i == 0 ? row[3] : 1);
            }
        }
        network.convolution(LAST, 1, 1, true);
        vertices.addLayer("pool", new GlobalPoolingLayer.Builder(PoolingType.AVG).build(), network.top);
        return vertices.addLayer("head", BenchmarkNetworks.head(LAST), "pool")
                .setOutputs("head")
                .build();
    }

    private void bottleneck(int expansion, int filters, int stride) {
        String below = top;
        boolean residual = stride == 1 && filters == channels;
        if (expansion > 1) {
            convolution(expansion * channels, 1, 1, true);
        }
        DepthwiseConvolution2D depthwise = new DepthwiseConvolution2D.Builder(3, 3)
                .stride(stride, stride)
                .depthMultiplier(1)
                .nIn(channels)
                .nOut(channels)
                .hasBias(false)
                .build();
        add("depthwise", depthwise);
        normalised(true);
        convolution(filters, 1, 1, false);
        if (residual) {
            String sum = "sum" + number++;
            vertices.addVertex(sum, new ElementWiseVertex(ElementWiseVertex.Op.Add), top, below);
            top = sum;
        }
    }

    private void convolution(int filters, int side, int stride, boolean activated) {
        ConvolutionLayer convolution = new ConvolutionLayer.Builder(side, side)
                .stride(stride, stride)
                .nIn(channels)
                .nOut(filters)
                .hasBias(false)
                .build();
        add("convolution", convolution);
        channels = filters;
        normalised(activated);
    }

    private void normalised(boolean activated) {
        add("normalisation", new BatchNormalization.Builder().nOut(channels).build());
        if (activated) {
            add("relu6", new ActivationLayer(new ActivationReLU6()));
        }
    }

    private void add(String name, org.deeplearning4j.nn.conf.layers.Layer layer) {
        String own = name + number++;
        vertices.addLayer(own, layer, top);
        top = own;
    }
}
