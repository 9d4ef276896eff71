package org.lowrank4j.compression;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.SymmetricEigen;
import org.lowrank4j.factorisation.Factorisation;
import org.lowrank4j.factorisation.Fwsvd;
import org.lowrank4j.factorisation.OutputMoments;
import org.lowrank4j.factorisation.Split;
import org.lowrank4j.factorisation.Svd;
import org.lowrank4j.factorisation.WholeLayer;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;

/** What factorisations make of whole networks, in double. */
class CompressionTest {

    private static NeuralNetConfiguration.Builder settings() {
        return new NeuralNetConfiguration.Builder()
                .seed(5)
                .dataType(DataType.DOUBLE)
                .activation(Activation.TANH)
                .updater(new Sgd(0.1));
    }

    private static OutputLayer head(int inputs) {
        return new OutputLayer.Builder()
                .name("out")
                .nIn(inputs)
                .nOut(3)
                .activation(Activation.SOFTMAX)
                .build();
    }

    private static MultiLayerNetwork network(Layer... layers) {
        NeuralNetConfiguration.ListBuilder list = settings().list();
        for (Layer layer : layers) {
            list.layer(layer);
        }
        MultiLayerNetwork network = new MultiLayerNetwork(list.build());
        network.init();
        return network;
    }

    private static DenseLayer.Builder dense(String name, int inputs, int outputs) {
        return new DenseLayer.Builder().name(name).nIn(inputs).nOut(outputs).biasInit(0.3);
    }

    private static MultiLayerNetwork dense() {
        return network(
                dense("first", 12, 16).build(),
                dense("second", 16, 10).hasBias(false).build(),
                head(10));
    }

    private static MultiLayerNetwork pictures() {
        MultiLayerNetwork network = new MultiLayerNetwork(settings()
                .list()
                .layer(new ConvolutionLayer.Builder(3, 2)
                        .name("filters")
                        .nIn(3)
                        .nOut(12)
                        .stride(2, 1)
                        .padding(1, 2)
                        .biasInit(0.2)
                        .build())
                .layer(new ConvolutionLayer.Builder(2, 3)
                        .name("more")
                        .nIn(12)
                        .nOut(10)
                        .hasBias(false)
                        .dilation(1, 2)
                        .convolutionMode(ConvolutionMode.Same)
                        .build())
                .layer(new GlobalPoolingLayer.Builder().build())
                .layer(head(10))
                .setInputType(InputType.convolutional(7, 6, 3))
                .build());
        network.init();
        return network;
    }

    private static ComputationGraph graph() {
        ComputationGraph graph = new ComputationGraph(settings()
                .graphBuilder()
                .addInputs("in")
                .addLayer("first", dense("first", 12, 16).build(), "in")
                .addLayer("second", dense("second", 16, 10).build(), "first")
                .addLayer("out", head(10), "second")
                .setOutputs("out")
                .build());
        graph.init();
        return graph;
    }

    private static Calibration data(Model network) {
        Nd4j.getRandom().setSeed(3);
        boolean pictures = network instanceof MultiLayerNetwork layers
                && layers.getLayer(0).conf().getLayer() instanceof ConvolutionLayer;
        INDArray inputs = pictures ? Nd4j.randn(DataType.DOUBLE, 24, 3, 7, 6) : Nd4j.randn(DataType.DOUBLE, 24, 12);
        INDArray labels = Nd4j.zeros(DataType.DOUBLE, 24, 3);
        for (int i = 0; i < 24; i++) {
            labels.putScalar(i, i % 3, 1);
        }
        return Calibration.of(inputs.addi(0.5), labels, 10, 3);
    }

    private static INDArray output(Model network, Calibration data) {
        return ForwardPasses.of(network).outputs(data.batches().get(0))[0];
    }

    private static double largest(INDArray array) {
        return array.amaxNumber().doubleValue();
    }

    static Stream<Factorisation> methods() {
        return Compression.methods().values().stream();
    }

    @Test
    void allAreFound() {
        assertEquals(
                List.of("afm", "fwsvd", "greenformers", "lord", "pela", "svd", "svd-spatial"),
                List.copyOf(Compression.methods().keySet()));
    }

    /** Of convolutions it is DL4J's own forward pass that both are compared by. */
    @ParameterizedTest
    @MethodSource("methods")
    void atFullRankTheNetworkAnswersTheSame(Factorisation method) {
        List<Supplier<Model>> networks =
                List.of(CompressionTest::dense, CompressionTest::pictures, CompressionTest::graph);
        for (Supplier<Model> made : networks) {
            Model network = made.get();
            Calibration data = data(network);
            INDArray before = network.params().dup();
            Compression compression = Compression.of(network, method, Map.of(), data);
            Map<String, Integer> full = new LinkedHashMap<>();
            compression
                    .layers()
                    .forEach((name, layer) -> full.put(name, layer.factors().values().length));
            assertTrue(full.size() >= 3, full::toString);
            Model two = compression.model(full);
            double difference = largest(output(network, data).sub(output(two, data)));
            assertTrue(difference < 1e-12, method.name() + ": " + difference);
            assertEquals(before, network.params(), "the network itself stays as it is");
            for (CompressedLayer layer : compression.report(full, two, data)) {
                assertTrue(layer.weightError() < 1e-7 && layer.outputError() < 1e-7, layer::toString);
            }
        }
    }

    @Test
    void afmKeepsTheMeanOfOutputsAndLosesTheOtherEigenvalues() {
        for (MultiLayerNetwork network : List.of(dense(), pictures())) {
            Calibration data = data(network);
            Compression compression = Compression.of(network, Compression.method("afm"), Map.of(), data);
            compression.layers().forEach((name, layer) -> {
                OutputMoments moments = layer.whole().moments();
                Split split = layer.factors().at().apply(2);
                ForwardPasses passes = ForwardPasses.of(network);
                ForwardPasses.Target target = passes.targets().stream()
                        .filter(one -> one.name().equals(name))
                        .findFirst()
                        .orElseThrow();
                double lost = 0;
                long rows = 0;
                INDArray sum = Nd4j.zeros(DataType.DOUBLE, 1, layer.whole().outputs());
                for (Batch batch : data.batches()) {
                    INDArray x = passes.inputs(target, batch);
                    INDArray y = x.mmul(layer.whole().weight());
                    if (layer.whole().bias() != null) {
                        y.addiRowVector(layer.whole().bias());
                    }
                    INDArray made = x.mmul(split.first())
                            .addiRowVector(split.firstBias())
                            .mmul(split.second())
                            .addiRowVector(split.secondBias());
                    sum.addi(made.sum(true, 0));
                    double norm = made.sub(y).norm2Number().doubleValue();
                    lost += norm * norm;
                    rows += x.size(0);
                }
                assertTrue(largest(sum.div(rows).sub(moments.mean())) < 1e-12, name);
                double[] eigenvalues = SymmetricEigen.of(moments.covariance()).values();
                double tail = 0;
                for (int i = 2; i < eigenvalues.length; i++) {
                    tail += eigenvalues[i];
                }
                assertEquals(tail, lost / rows, 1e-10, name);
            });
        }
    }

    /** dL/dW = x^T (p - y) for softmax with cross-entropy, so its squares are x^2 |p - y|^2 in a row's sum. */
    @Test
    void fwsvdWeighsRowsByGradientsOfSingleExamples() {
        MultiLayerNetwork network = network(dense("first", 12, 16).dropOut(0.5).build(), head(16));
        Calibration data = data(network);
        Compression compression = Compression.of(network, new Fwsvd(), Map.of(), data);
        INDArray expected = Nd4j.zeros(DataType.DOUBLE, 16, 1);
        for (Batch batch : data.batches()) {
            List<INDArray> activations = network.feedForward(batch.inputs()[0], false);
            INDArray error = activations.get(2).sub(batch.labels()[0]);
            INDArray squares = activations.get(1).mul(activations.get(1));
            expected.addi(squares.transpose().mmul(error.mul(error).sum(true, 1)));
        }
        INDArray actual = compression.layers().get("out").whole().squaredGradients();
        assertTrue(largest(expected.div(24).sub(actual)) < 1e-12);
    }

    @Test
    void rowsOfEqualInformationGivePlainSvd() {
        Nd4j.getRandom().setSeed(8);
        INDArray weight = Nd4j.randn(DataType.DOUBLE, 9, 7);
        WholeLayer layer = new WholeLayer(
                weight, null, 1, null, Nd4j.ones(DataType.DOUBLE, 9, 1).muli(0.3));
        Split weighted = new Fwsvd()
                .factors(layer, new OptionValues(new Fwsvd(), Map.of()))
                .at()
                .apply(3);
        Split plain = new Svd()
                .factors(layer, new OptionValues(new Svd(), Map.of()))
                .at()
                .apply(3);
        INDArray difference =
                weighted.first().mmul(weighted.second()).sub(plain.first().mmul(plain.second()));
        assertTrue(largest(difference) < 1e-12);
    }

    @ParameterizedTest
    @MethodSource("methods")
    void aBudgetIsKeptAndNoOneRankForAllIsBetter(Factorisation method) {
        for (MultiLayerNetwork network : List.of(dense(), pictures())) {
            Compression compression = Compression.of(network, method, Map.of(), data(network));
            for (double keep : new double[] {0.5, 0.7, 0.9}) {
                Map<String, Integer> ranks = compression.ranksWithin(keep);
                assertTrue(
                        compression.model(ranks).numParams() <= keep * network.numParams(),
                        method.name() + keep + ranks);
                for (int rank = 1; rank < 8; rank++) {
                    Map<String, Integer> same = compression.ranks(RankChoice.fixed(rank));
                    if (compression.model(same).numParams()
                            <= compression.model(ranks).numParams()) {
                        assertTrue(
                                error(compression, ranks) <= error(compression, same) + 1e-12,
                                method.name() + " " + keep + ": " + ranks + " and " + same);
                    }
                }
            }
            LowRankException tooLittle = assertThrows(LowRankException.class, () -> compression.ranksWithin(0.01));
            assertTrue(tooLittle.getMessage().contains("rank 1 everywhere"), tooLittle.getMessage());
        }
    }

    private static double error(Compression compression, Map<String, Integer> ranks) {
        return compression.layers().values().stream()
                .mapToDouble(layer ->
                        ranks.containsKey(layer.name()) ? layer.factors().error(ranks.get(layer.name())) : 0)
                .sum();
    }

    @Test
    void accuracyIsKept() {
        MultiLayerNetwork network = dense();
        Calibration data = data(network);
        for (Batch batch : data.batches()) {
            for (int i = 0; i < 60; i++) {
                network.fit(new DataSet(batch.inputs()[0], batch.labels()[0]));
            }
        }
        double before = ModelComparison.accuracy(network, data);
        Compression compression = Compression.of(network, new Svd(), Map.of(), null);
        Model kept = compression.model(compression.ranksForAccuracy(0, data));
        Model loose = compression.model(compression.ranksForAccuracy(0.3, data));
        assertTrue(ModelComparison.accuracy(kept, data) >= before);
        assertTrue(ModelComparison.accuracy(loose, data) >= before - 0.3);
        assertTrue(loose.numParams() <= kept.numParams() && kept.numParams() < network.numParams());
    }

    @Test
    void aGraphGetsAVertexOfThatName() {
        ComputationGraph graph = graph();
        Compression compression = Compression.of(graph, Compression.method("afm"), Map.of(), data(graph));
        ComputationGraph small = (ComputationGraph) compression.model(Map.of("second", 2));
        assertTrue(small.getConfiguration().getVertices().containsKey("second-lowrank"));
        assertEquals(16 * 2 + 2, small.getLayer("second-lowrank").numParams());
    }

    /** With layer normalisation a bias is added to what is normalised, where a mean has no place. */
    @Test
    void afmLeavesWhatNormalisesItsOutputs() {
        MultiLayerNetwork network =
                network(dense("first", 12, 16).hasLayerNorm(true).build(), head(16));
        Compression compression = Compression.of(network, Compression.method("afm"), Map.of(), data(network));
        assertEquals(Map.of("first", "normalises its outputs before it adds its bias"), compression.whole());
        assertNull(compression.layers().get("first"));
        assertEquals(
                2, Compression.of(network, new Svd(), Map.of(), null).layers().size());
    }

    @Test
    void whatIsAskedWronglyIsRefused() {
        MultiLayerNetwork network = dense();
        assertRefused("Did you mean 'fwsvd'?", () -> Compression.method("fswvd"));
        assertRefused(
                "Did you mean 'pela.c'?",
                () -> Compression.of(network, Compression.method("pela"), Map.of("pela.k", "2"), null));
        assertRefused(
                "must be a number of at least",
                () -> Compression.of(network, Compression.method("pela"), Map.of("pela.c", "1"), null));
        assertRefused(
                "greenformers, pela, svd, svd-spatial",
                () -> Compression.of(network, Compression.method("lord"), Map.of(), null));
        Calibration unlabelled = Calibration.of(Nd4j.rand(DataType.DOUBLE, 4, 12));
        assertFalse(unlabelled.hasLabels());
        assertRefused("have no labels", () -> Compression.of(network, new Fwsvd(), Map.of(), unlabelled));
        assertRefused(
                "Accuracy needs labels",
                () -> Compression.of(network, new Svd(), Map.of(), null).ranksForAccuracy(0.1, unlabelled));
        MultiLayerNetwork normalised = network(
                dense("first", 12, 16).build(),
                new BatchNormalization.Builder().name("norm").nIn(16).nOut(16).build(),
                head(16));
        assertRefused(
                "layer norm normalises over the examples",
                () -> Compression.of(normalised, new Fwsvd(), Map.of(), data(normalised)));
        network.getParam("0_W").putScalar(0, 0, Double.NaN);
        assertRefused("Layer first: ", () -> Compression.of(network, new Svd(), Map.of(), null));
        assertRefused(
                "NaN or infinite", () -> Compression.of(network, Compression.method("afm"), Map.of(), data(network)));
    }

    private static void assertRefused(String words, Runnable asked) {
        LowRankException refused = assertThrows(LowRankException.class, asked::run);
        assertTrue(refused.getMessage().contains(words), refused.getMessage());
    }
}
