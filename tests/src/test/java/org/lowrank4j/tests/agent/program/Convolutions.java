package org.lowrank4j.tests.agent.program;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;

/** Networks of convolutions train, by factors and by a gradient that is formed; are saved half-way and at the end, or go on from there. */
public final class Convolutions {

    private static final int CHANNELS = 8;
    private static final int SIDE = 10;
    private static final int CLASSES = 3;
    private static final int EXAMPLES = 6;
    private static final int BATCHES = 4;

    private final File directory;

    private Convolutions(File directory) {
        this.directory = directory;
    }

    /** {@code train} or {@code resume}, and the directory of the saved networks. */
    public static void main(String[] arguments) throws Exception {
        Convolutions convolutions = new Convolutions(new File(arguments[1]));
        for (String method : List.of("lora", "galore")) {
            if (arguments[0].equals("train")) {
                MultiLayerNetwork network = convolutions.network(method, Convolutions::drawn);
                network.fit(batches(0));
                network.save(convolutions.half(method), true);
                network.fit(batches(1));
                network.save(convolutions.whole(method), true);
            }
            Training.result(method, convolutions.difference(method));
            Training.result(method + ".threads", convolutions.differenceOnThreads(method));
        }
    }

    private File half(String method) {
        return new File(directory, method + "-half.zip");
    }

    private File whole(String method) {
        return new File(directory, method + "-whole.zip");
    }

    private MultiLayerNetwork network(String method, Callable<MultiLayerNetwork> maker) throws Exception {
        return method.equals("lora") ? lora(maker) : galore(maker);
    }

    @LowRank(rank = 2, layers = "type:ConvolutionLayer")
    private static MultiLayerNetwork lora(Callable<MultiLayerNetwork> maker) throws Exception {
        return maker.call();
    }

    @LowRank(
            rank = 2,
            gradient = "galore",
            layers = {"type:ConvolutionLayer", "type:DepthwiseConvolution2D"})
    private static MultiLayerNetwork galore(Callable<MultiLayerNetwork> maker) throws Exception {
        return maker.call();
    }

    /** How far what goes on from half-way ends from the saved end: the largest difference in the largest weight's terms. */
    private double difference(String method) throws Exception {
        MultiLayerNetwork network = network(method, () -> MultiLayerNetwork.load(half(method), true));
        INDArray before = network.params().dup();
        network.fit(batches(1));
        INDArray end = MultiLayerNetwork.load(whole(method), false).params();
        if (before.equalsWithEps(network.params(), 1e-4)) {
            throw new IOException("nothing moved");
        }
        return end.sub(network.params()).amaxNumber().doubleValue()
                / end.amaxNumber().doubleValue();
    }

    private double differenceOnThreads(String method) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Future<Double>> both = threads.invokeAll(List.of(() -> difference(method), () -> difference(method)));
            return Math.max(both.get(0).get(), both.get(1).get());
        } finally {
            threads.shutdown();
        }
    }

    private static MultiLayerNetwork drawn() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(7)
                .updater(new Nesterovs(0.05, 0.9))
                .activation(Activation.TANH)
                .convolutionMode(ConvolutionMode.Same)
                .list()
                .layer(convolution(3, 1))
                .layer(new BatchNormalization())
                .layer(new DepthwiseConvolution2D.Builder(3, 3).nOut(CHANNELS).build())
                .layer(convolution(1, 1))
                .layer(convolution(3, 2))
                .layer(new OutputLayer.Builder()
                        .nOut(CLASSES)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(SIDE, SIDE, CHANNELS))
                .build());
        network.init();
        return network;
    }

    private static ConvolutionLayer convolution(int filter, int stride) {
        return new ConvolutionLayer.Builder(filter, filter)
                .stride(stride, stride)
                .nOut(CHANNELS)
                .build();
    }

    private static ListDataSetIterator<DataSet> batches(long seed) {
        Random random = new Random(seed);
        List<DataSet> batches = new ArrayList<>();
        for (int i = 0; i < BATCHES; i++) {
            float[] pixels = new float[EXAMPLES * CHANNELS * SIDE * SIDE];
            for (int k = 0; k < pixels.length; k++) {
                pixels[k] = (float) random.nextGaussian();
            }
            INDArray labels = Nd4j.zeros(EXAMPLES, CLASSES);
            for (int k = 0; k < EXAMPLES; k++) {
                labels.putScalar(k, random.nextInt(CLASSES), 1);
            }
            batches.add(new DataSet(Nd4j.create(pixels, new int[] {EXAMPLES, CHANNELS, SIDE, SIDE}), labels));
        }
        return new ListDataSetIterator<>(batches, EXAMPLES);
    }
}
