package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.misc.ElementWiseMultiplicationLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.nn.weights.WeightInit;
import org.deeplearning4j.nn.weights.embeddings.ArrayEmbeddingInitializer;
import org.deeplearning4j.nn.weights.embeddings.WeightInitEmbedding;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Layers that nothing has trained yet: they are known however the network came by them, named where frozen, and train. */
class RandomLayersTest {

    private static final int STEPS = 4;
    private static final Pattern RANDOM = Pattern.compile("frozen and still random: ([^.]*)\\.");

    @TempDir
    Path directory;

    @LowRank(rank = 2, layers = "type:DenseLayer")
    private static <N> N adapted(Callable<N> making) throws Exception {
        return making.call();
    }

    /** Two recurrent layers, a dense layer and a softmax head. */
    private static MultiLayerNetwork layers() {
        return Nets.initialised(Nets.settings(DataType.FLOAT, new Adam(0.01))
                .list()
                .layer(lstm(Nets.INPUTS, 5))
                .layer(new LastTimeStep(lstm(5, 5)))
                .layer(Nets.dense(5, 4))
                .layer(Nets.head(4))
                .build());
    }

    private static ComputationGraph graph() {
        return Nets.initialised(Nets.settings(DataType.DOUBLE, new Adam(0.01))
                .graphBuilder()
                .addInputs("in")
                .addLayer("layer0", lstm(Nets.INPUTS, 5), "in")
                .addLayer("layer1", new LastTimeStep(lstm(5, 5)), "layer0")
                .addLayer("layer2", Nets.dense(5, 4), "layer1")
                .addLayer("layer3", Nets.head(4), "layer2")
                .setOutputs("layer3")
                .build());
    }

    private static FineTuneConfiguration tuning() {
        return new FineTuneConfiguration.Builder().updater(new Adam(0.01)).build();
    }

    private static LSTM lstm(int inputs, int outputs) {
        return new LSTM.Builder().nIn(inputs).nOut(outputs).build();
    }

    private static void fit(NeuralNetwork network) {
        DataType type = network instanceof ComputationGraph ? DataType.DOUBLE : DataType.FLOAT;
        INDArray labels = Data.classes(3, type, 8, Nets.INPUTS, Nets.CLASSES).getLabels();
        network.fit(new DataSet(Data.normal(2, type, 8, Nets.INPUTS, STEPS), labels));
    }

    private static MultiLayerNetwork trainedLayers() {
        MultiLayerNetwork network = layers();
        fit(network);
        return network;
    }

    private static ComputationGraph trainedGraph() {
        ComputationGraph graph = graph();
        fit(graph);
        return graph;
    }

    /** The layers that the report of the network's first step calls random. */
    private static String random(Callable<? extends NeuralNetwork> making) {
        List<String> report = CapturedErrors.of(() -> fit(adapted(making)));
        Matcher found = RANDOM.matcher(String.join(" ", report));
        return found.find() ? found.group(1) : "";
    }

    @Test
    void layersThatInitDrewAreNamed() {
        assertEquals("layer0, layer1", random(RandomLayersTest::layers));
        assertEquals("layer0, layer1", random(RandomLayersTest::graph));
    }

    @Test
    void layersThatWereTrainedAreNot() {
        MultiLayerNetwork layers = trainedLayers();
        ComputationGraph graph = trainedGraph();
        assertEquals("", random(layers::clone));
        assertEquals("", random(graph::clone));
    }

    @Test
    void copiesOfRandomLayersAreAsRandom() {
        MultiLayerNetwork layers = layers();
        ComputationGraph graph = graph();
        assertEquals("layer0, layer1", random(layers::clone));
        assertEquals("layer0, layer1", random(graph::clone));
        assertEquals("layer0, layer1", random(() -> {
            MultiLayerNetwork other = trainedLayers();
            other.setParams(layers.params());
            return other;
        }));
    }

    @Test
    void whatTheProgramWritesCountsAsLearnedLayerByLayer() {
        INDArray learned = trainedLayers().params();
        assertEquals("", random(() -> {
            MultiLayerNetwork network = layers();
            network.setParams(learned);
            return network;
        }));
        assertEquals("layer1", random(() -> {
            MultiLayerNetwork network = layers();
            network.setParam("0_RW", network.getParam("0_RW").mul(2));
            return network;
        }));
        assertEquals("layer0", random(() -> {
            ComputationGraph graph = graph();
            graph.getLayer(1).getParam("W").muli(2);
            return graph;
        }));
    }

    @Test
    void filesHoldWhatWasSaved() throws Exception {
        File trained = directory.resolve("trained.zip").toFile();
        File random = directory.resolve("random.zip").toFile();
        trainedLayers().save(trained);
        graph().save(random);
        assertEquals("", random(() -> {
            MultiLayerNetwork network = MultiLayerNetwork.load(trained, true);
            network.init();
            return network;
        }));
        assertEquals("layer0, layer1", random(() -> ComputationGraph.load(random, true)));
    }

    @Test
    void transferLearningDrawsOnlyWhatItAdds() {
        MultiLayerNetwork layers = trainedLayers();
        ComputationGraph graph = trainedGraph();
        assertEquals(
                "layer3",
                random(() -> new TransferLearning.Builder(layers)
                        .fineTuneConfiguration(tuning())
                        .removeOutputLayer()
                        .addLayer(new ElementWiseMultiplicationLayer.Builder()
                                .nIn(4)
                                .nOut(4)
                                .build())
                        .addLayer(Nets.head(4))
                        .build()));
        assertEquals(
                "added",
                random(() -> new TransferLearning.GraphBuilder(graph)
                        .fineTuneConfiguration(tuning())
                        .removeVertexAndConnections("layer1")
                        .removeVertexAndConnections("layer2")
                        .removeVertexAndConnections("layer3")
                        .addLayer("added", new LastTimeStep(lstm(5, 6)), "layer0")
                        .addLayer("dense", Nets.dense(6, 4), "added")
                        .addLayer("out", Nets.head(4), "dense")
                        .setOutputs("out")
                        .build()));
    }

    @Test
    void replacedWidthsAreDrawnAnew() {
        MultiLayerNetwork layers = trainedLayers();
        assertEquals(
                "layer0",
                random(() -> new TransferLearning.Builder(layers)
                        .fineTuneConfiguration(tuning())
                        .nInReplace(0, Nets.INPUTS, WeightInit.XAVIER)
                        .build()));
        MultiLayerNetwork untrained = layers();
        assertEquals(
                "layer0, layer1",
                random(() -> new TransferLearning.Builder(untrained)
                        .fineTuneConfiguration(tuning())
                        .removeOutputLayer()
                        .addLayer(Nets.head(4))
                        .build()));
    }

    @LowRank(rank = 2)
    private static <N> N byDefault(Callable<N> making) throws Exception {
        return making.call();
    }

    @Test
    void byDefaultRandomLayersTrain() throws Exception {
        for (NeuralNetwork network : List.of(byDefault(RandomLayersTest::layers), byDefault(RandomLayersTest::graph))) {
            INDArray before = recurrent(network).dup();
            fit(network);
            Nets.assertMoved(before, recurrent(network), "the recurrent weights");
        }
    }

    @Test
    void byDefaultTrainedLayersAreAdapted() throws Exception {
        MultiLayerNetwork layers = trainedLayers();
        ComputationGraph graph = trainedGraph();
        for (NeuralNetwork network : List.of(byDefault(layers::clone), byDefault(graph::clone))) {
            INDArray weight = recurrent(network).dup();
            INDArray bias = recurrent(network, "b").dup();
            fit(network);
            Nets.assertMoved(weight, recurrent(network), "the recurrent weights");
            Nets.assertSame(bias, recurrent(network, "b"), "the bias beside them");
        }
    }

    private static INDArray recurrent(NeuralNetwork network) {
        return recurrent(network, "RW");
    }

    private static INDArray recurrent(NeuralNetwork network, String parameter) {
        return network instanceof ComputationGraph graph
                ? graph.getLayer("layer0").getParam(parameter)
                : ((MultiLayerNetwork) network).getParam("0_" + parameter);
    }

    @LowRank(rank = 2, train = "auto")
    private static <N> N whatIsNewInFull(Callable<N> making) throws Exception {
        return making.call();
    }

    @Test
    void whereEverythingIsNewTrainingIsStock() throws Exception {
        MultiLayerNetwork stock = trainedLayers();
        List<String> report = CapturedErrors.of(() -> {
            MultiLayerNetwork network = whatIsNewInFull(RandomLayersTest::layers);
            fit(network);
            Nets.assertSame(stock.params(), network.params(), "a network from scratch");
        });
        assertEquals(
                1,
                CapturedErrors.containing(report, "every layer that could be adapted is still random")
                        .size());
    }

    /** Restored, the layers are no longer as they were drawn, and yet they go on as they began. */
    @Test
    void resumedTrainingGoesOnWithTheLayersThatWereRandom() throws Exception {
        File saved = directory.resolve("resumed.zip").toFile();
        MultiLayerNetwork through = byDefault(RandomLayersTest::layers);
        MultiLayerNetwork broken = byDefault(RandomLayersTest::layers);
        for (int i = 0; i < 4; i++) {
            fit(through);
        }
        fit(broken);
        fit(broken);
        broken.save(saved);
        MultiLayerNetwork resumed = byDefault(() -> MultiLayerNetwork.load(saved, true));
        MultiLayerNetwork copied = byDefault(resumed::clone);
        for (MultiLayerNetwork network : List.of(resumed, copied)) {
            fit(network);
            fit(network);
            Nets.assertSame(through.params(), network.params(), "what was resumed");
        }
    }

    /** The class is the sign of the first of ten steps, which only a recurrent layer that learns can remember. */
    @Test
    void aNetworkFromScratchLearnsToRemember() throws Exception {
        MultiLayerNetwork network = byDefault(() -> Nets.initialised(Nets.settings(DataType.FLOAT, new Adam(0.01))
                .list()
                .layer(new LastTimeStep(lstm(1, 16)))
                .layer(Nets.dense(16, 16))
                .layer(new OutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nIn(16)
                        .nOut(2)
                        .build())
                .build()));
        for (int i = 0; i < 250; i++) {
            network.fit(signOfTheFirstStep(i, 32));
        }
        DataSet test = signOfTheFirstStep(1000, 500);
        Evaluation evaluation = new Evaluation();
        evaluation.eval(test.getLabels(), network.output(test.getFeatures()));
        assertTrue(evaluation.accuracy() > 0.9, evaluation::stats);
    }

    private static DataSet signOfTheFirstStep(long seed, int examples) {
        INDArray series = Data.normal(seed, DataType.FLOAT, examples, 1, 10);
        INDArray labels = Nd4j.zeros(DataType.FLOAT, examples, 2);
        for (int i = 0; i < examples; i++) {
            labels.putScalar(i, series.getDouble(i, 0, 0) > 0 ? 1 : 0, 1);
        }
        return new DataSet(series, labels);
    }

    @Test
    void wordVectorsAreLoadedNotDrawn() {
        INDArray vectors = Data.normal(1, DataType.FLOAT, 10, 5);
        EmbeddingSequenceLayer.Builder drawn =
                new EmbeddingSequenceLayer.Builder().nIn(10).nOut(5);
        EmbeddingSequenceLayer.Builder loaded = new EmbeddingSequenceLayer.Builder()
                .weightInit(new WeightInitEmbedding(new ArrayEmbeddingInitializer(vectors)));
        assertEquals("layer0", embedded(drawn.hasBias(false).build()));
        assertEquals("", embedded(loaded.hasBias(false).build()));
    }

    private static String embedded(EmbeddingSequenceLayer embedding) {
        List<String> report = CapturedErrors.of(() -> {
            MultiLayerNetwork network = adapted(() -> Nets.initialised(Nets.settings(DataType.FLOAT, new Adam(0.01))
                    .list()
                    .layer(embedding)
                    .layer(new GlobalPoolingLayer())
                    .layer(Nets.dense(5, 4))
                    .layer(Nets.head(4))
                    .build()));
            INDArray tokens = Data.normal(2, DataType.FLOAT, 8, STEPS);
            network.fit(new DataSet(tokens.muli(0), Data.oneHot(3, DataType.FLOAT, 8, Nets.CLASSES)));
        });
        Matcher found = RANDOM.matcher(String.join(" ", report));
        return found.find() ? found.group(1) : "";
    }
}
