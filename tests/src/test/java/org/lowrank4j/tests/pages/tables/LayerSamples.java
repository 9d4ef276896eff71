package org.lowrank4j.tests.pages.tables;

import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.AttentionVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.AutoEncoder;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.Convolution1DLayer;
import org.deeplearning4j.nn.conf.layers.Convolution3D;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.Deconvolution3D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GravesBidirectionalLSTM;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LearnedSelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PrimaryCapsules;
import org.deeplearning4j.nn.conf.layers.RecurrentAttentionLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SelfAttentionLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.layers.variational.VariationalAutoencoder;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;

/** One layer of each of DL4J's types that have matrices, because which kind one is of can be asked of a layer only. */
public final class LayerSamples {

    private static final InputType VECTORS = InputType.feedForward(4);
    /** Of four channels and five steps. */
    public static final InputType SERIES = InputType.recurrent(4, 5);

    private static final InputType IMAGES = InputType.convolutional(6, 6, 2);
    private static final InputType VOLUMES = InputType.convolutional3D(Convolution3D.DataFormat.NCDHW, 6, 6, 6, 2);

    private LayerSamples() {}

    /** Layers by the types that rules call them. */
    static Map<String, Trainable> byType() {
        Map<String, Trainable> samples = new LinkedHashMap<>();
        layers().forEach((layer, input) -> samples.put(layer.getClass().getSimpleName(), made(layer, input)));
        samples.put(AttentionVertex.class.getSimpleName(), attention());
        return samples;
    }

    /** Configurations of layers and what goes into each, with those that DL4J advises against, since programs still have them. */
    @SuppressWarnings("deprecation")
    public static Map<Layer, InputType> layers() {
        Map<Layer, InputType> layers = new LinkedHashMap<>();
        layers.put(new DenseLayer.Builder().nOut(4).build(), VECTORS);
        layers.put(new OutputLayer.Builder().nOut(4).build(), VECTORS);
        layers.put(new RnnOutputLayer.Builder().nOut(4).build(), SERIES);
        layers.put(new CenterLossOutputLayer.Builder().nOut(4).build(), VECTORS);
        layers.put(new ConvolutionLayer.Builder(2, 2).nOut(4).build(), IMAGES);
        layers.put(new Convolution1DLayer.Builder(2).nOut(4).build(), SERIES);
        layers.put(new Convolution3D.Builder(2, 2, 2).nOut(4).build(), VOLUMES);
        layers.put(new Deconvolution2D.Builder(2, 2).nOut(4).build(), IMAGES);
        layers.put(new Deconvolution3D.Builder().kernelSize(2, 2, 2).nOut(4).build(), VOLUMES);
        layers.put(new SeparableConvolution2D.Builder(2, 2).nOut(4).build(), IMAGES);
        layers.put(new DepthwiseConvolution2D.Builder(2, 2).depthMultiplier(2).build(), IMAGES);
        // What goes in says how many tokens there are.
        layers.put(new EmbeddingLayer.Builder().nIn(9).nOut(4).build(), InputType.feedForward(9));
        layers.put(new EmbeddingSequenceLayer.Builder().nIn(9).nOut(4).build(), InputType.recurrent(9, 5));
        layers.put(new LSTM.Builder().nOut(4).build(), SERIES);
        layers.put(new GravesLSTM.Builder().nOut(4).build(), SERIES);
        layers.put(new GravesBidirectionalLSTM.Builder().nOut(4).build(), SERIES);
        layers.put(new SimpleRnn.Builder().nOut(4).build(), SERIES);
        layers.put(
                new SelfAttentionLayer.Builder()
                        .nOut(4)
                        .nHeads(2)
                        .projectInput(true)
                        .build(),
                SERIES);
        layers.put(
                new LearnedSelfAttentionLayer.Builder()
                        .nOut(4)
                        .nHeads(2)
                        .nQueries(3)
                        .projectInput(true)
                        .build(),
                SERIES);
        layers.put(
                new RecurrentAttentionLayer.Builder()
                        .nOut(4)
                        .nHeads(2)
                        .projectInput(true)
                        .build(),
                SERIES);
        layers.put(new PrimaryCapsules.Builder(2, 3).kernelSize(2, 2).build(), IMAGES);
        layers.put(new AutoEncoder.Builder().nOut(4).build(), VECTORS);
        layers.put(
                new VariationalAutoencoder.Builder()
                        .nOut(4)
                        .encoderLayerSizes(6, 5)
                        .build(),
                VECTORS);
        return layers;
    }

    private static Trainable made(Layer layer, InputType input) {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .list()
                .layer(layer)
                .setInputType(input)
                .build());
        network.init();
        return network.getLayer(0);
    }

    private static Trainable attention() {
        ComputationGraph network = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .graphBuilder()
                .addInputs("in")
                .addVertex("attention", vertex(), "in", "in", "in")
                .setOutputs("attention")
                .setInputTypes(SERIES)
                .build());
        network.init();
        return network.getVertex("attention");
    }

    /** The only vertex that has matrices, for {@link #SERIES} as queries, keys and values. */
    public static AttentionVertex vertex() {
        return new AttentionVertex.Builder()
                .nInKeys(4)
                .nInQueries(4)
                .nInValues(4)
                .nOut(4)
                .nHeads(2)
                .projectInput(true)
                .build();
    }
}
