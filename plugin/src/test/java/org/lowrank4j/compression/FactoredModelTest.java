package org.lowrank4j.compression;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.constraint.MaxNormConstraint;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.TimeDistributed;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.factorisation.Svd;
import org.lowrank4j.factorisation.WholeLayer;
import org.lowrank4j.method.OptionValues;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions;

class FactoredModelTest {

    private static DenseLayer.Builder dense(int inputs, int outputs) {
        return new DenseLayer.Builder().nIn(inputs).nOut(outputs).activation(Activation.RELU);
    }

    private static OutputLayer head(int inputs, int outputs) {
        return new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                .nIn(inputs)
                .nOut(outputs)
                .activation(Activation.SOFTMAX)
                .build();
    }

    private static NeuralNetConfiguration.Builder settings() {
        return new NeuralNetConfiguration.Builder()
                .seed(5)
                .updater(new Adam(0.01))
                .l2(1e-3);
    }

    private static MultiLayerNetwork network(MultiLayerConfiguration configuration) {
        MultiLayerNetwork network = new MultiLayerNetwork(configuration);
        network.init();
        return network;
    }

    /** 20 - 30 - 25 - 4, with every kind of setting that must come along. */
    private static MultiLayerNetwork network() {
        return network(settings()
                .list()
                .layer(dense(20, 30)
                        .name("first")
                        .constrainWeights(new MaxNormConstraint(0.5, 1))
                        .dropOut(0.8)
                        .updater(new Nesterovs(0.1, 0.9))
                        .build())
                .layer(new BatchNormalization.Builder().nIn(30).nOut(30).build())
                .layer(dense(30, 25).hasLayerNorm(true).build())
                .layer(head(25, 4))
                .build());
    }

    /** Makes a weight the product of two random factors. */
    private static void setRank(INDArray weight, int rank, int seed) {
        Nd4j.getRandom().setSeed(seed);
        INDArray left = Nd4j.randn(DataType.DOUBLE, weight.size(0), rank);
        INDArray right = Nd4j.randn(DataType.DOUBLE, rank, weight.size(1));
        weight.assign(left.mmul(right).muli(0.1));
    }

    private static INDArray inputs(int examples) {
        Nd4j.getRandom().setSeed(11);
        return Nd4j.randn(DataType.FLOAT, examples, 20);
    }

    private static void assertClose(INDArray expected, INDArray actual) {
        double difference = expected.sub(actual).normmaxNumber().doubleValue();
        assertTrue(difference <= 1e-5, "the outputs differ by " + difference);
    }

    @Test
    void aNetworkOfLowRankBecomesSmallerAndAnswersTheSame() {
        MultiLayerNetwork network = network();
        setRank(network.getParam("0_W"), 3, 1);
        setRank(network.getParam("2_W"), 5, 2);
        network.getParam("2_b").assign(0.3);
        network.getParam("1_mean").assign(0.1);
        INDArray before = network.params().dup();
        MultiLayerNetwork small = FactoredModel.of(network, RankChoice.exact());
        assertClose(network.output(inputs(9)), small.output(inputs(9)));
        assertEquals(before, network.params(), "the network itself stays as it is");
        assertEquals(6, small.getnLayers());
        assertEquals(network.numParams() - 20 * 30 + 3 * (20 + 30) - 30 * 25 + 5 * (30 + 25), small.numParams());
        assertInstanceOf(OutputLayer.class, small.getLayer(5).conf().getLayer());
    }

    @Test
    void theSettingsComeAlong() {
        MultiLayerNetwork network = network();
        setRank(network.getParam("0_W"), 3, 1);
        setRank(network.getParam("2_W"), 5, 2);
        network.fit(new DataSet(inputs(4), Nd4j.eye(4).castTo(DataType.FLOAT)));
        network.setEpochCount(7);
        MultiLayerNetwork small = FactoredModel.of(network, RankChoice.energy(0.9));
        DenseLayer a = (DenseLayer) small.getLayer("first-lowrank").conf().getLayer();
        DenseLayer b = (DenseLayer) small.getLayer("first").conf().getLayer();
        assertFalse(a.hasBias());
        assertInstanceOf(ActivationIdentity.class, a.getActivationFn());
        assertInstanceOf(ActivationReLU.class, b.getActivationFn());
        assertEquals(new Dropout(0.8), a.getIDropout());
        assertNull(b.getIDropout(), "dropout is on the inputs, once");
        assertEquals(new Nesterovs(0.1, 0.9), a.getIUpdater());
        assertEquals(new Nesterovs(0.1, 0.9), b.getIUpdater());
        assertEquals(1, a.getRegularization().size());
        assertNull(b.getConstraints(), "a constraint on W has no W");
        assertNull(a.getConstraints());
        assertTrue(((DenseLayer) small.getLayer(4).conf().getLayer()).hasLayerNorm());
        assertEquals(1, small.getIterationCount());
        assertEquals(7, small.getEpochCount());
        assertEquals(
                1,
                ((BaseLayer) network.getLayer(0).conf().getLayer())
                        .getRegularization()
                        .size());
        assertEquals(1, network.getLayer(0).conf().getLayer().getConstraints().size(), "the network keeps its own");
    }

    @Test
    void itIsAStockModel() throws IOException {
        MultiLayerNetwork network = network();
        setRank(network.getParam("0_W"), 3, 1);
        MultiLayerNetwork small = FactoredModel.of(network, RankChoice.exact());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ModelSerializer.writeModel(small, bytes, true);
        MultiLayerNetwork loaded =
                ModelSerializer.restoreMultiLayerNetwork(new ByteArrayInputStream(bytes.toByteArray()), true);
        assertEquals(small.output(inputs(3)), loaded.output(inputs(3)));
        assertFalse(small.getLayerWiseConfigurations().toJson().contains("lowrank4j"));
        DataSet data = new DataSet(inputs(4), Nd4j.eye(4).castTo(DataType.FLOAT));
        double before = small.score(data, false);
        for (int i = 0; i < 60; i++) {
            small.fit(data);
        }
        assertTrue(small.score(data, false) < before / 2, "it goes on learning");
    }

    @Test
    void aCutToLessIsTheBestApproximationOfItsRank() {
        MultiLayerNetwork network = network();
        INDArray weight = network.getParam("0_W");
        MultiLayerNetwork small =
                FactoredModel.of(network, layer -> layer.name().equals("first") ? 4 : 0);
        INDArray product = small.getLayer("first-lowrank")
                .getParam("W")
                .castTo(DataType.DOUBLE)
                .mmul(small.getLayer("first").getParam("W").castTo(DataType.DOUBLE));
        double difference =
                ThinSvd.of(weight).truncated(4).sub(product).normmaxNumber().doubleValue();
        assertTrue(difference <= 1e-6, "differs by " + difference);
        assertEquals(5, small.getnLayers());
    }

    @Test
    void whatSavesNothingStays() {
        MultiLayerNetwork network = network();
        MultiLayerNetwork same = FactoredModel.of(network, RankChoice.exact());
        assertNotSame(network, same);
        assertEquals(network.params(), same.params());
        // 12 (20 + 30) = 600 = 20 * 30: rank 12 saves nothing, rank 11 does.
        setRank(network.getParam("0_W"), 12, 1);
        assertEquals(4, FactoredModel.of(network, RankChoice.exact()).getnLayers());
        setRank(network.getParam("0_W"), 11, 1);
        assertEquals(5, FactoredModel.of(network, RankChoice.exact()).getnLayers());
    }

    @Test
    void aWeightOfZerosKeepsOneComponent() {
        MultiLayerNetwork network = network();
        network.getParam("0_W").assign(0);
        MultiLayerNetwork small = FactoredModel.of(network, RankChoice.exact());
        assertEquals(1, small.getLayer("first-lowrank").getParam("W").size(1));
        assertClose(network.output(inputs(5)), small.output(inputs(5)));
    }

    @Test
    void noisyWeightsStay() {
        MultiLayerNetwork network = network(settings()
                .list()
                .layer(dense(20, 30).weightNoise(new DropConnect(0.5)).build())
                .layer(head(30, 4))
                .build());
        setRank(network.getParam("0_W"), 2, 1);
        assertEquals(2, FactoredModel.of(network, RankChoice.exact()).getnLayers());
    }

    @Test
    void aLayerThatIsWrappedStays() {
        MultiLayerNetwork network = network(settings()
                .list()
                .layer(new TimeDistributed(dense(20, 30).build()))
                .layer(new RnnOutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                        .nIn(30)
                        .nOut(4)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.recurrent(20, 5))
                .build());
        setRank(network.getParam("0_W"), 2, 1);
        MultiLayerNetwork same = FactoredModel.of(network, RankChoice.exact());
        assertEquals(2, same.getnLayers());
        INDArray series = Nd4j.rand(DataType.FLOAT, 3, 20, 5);
        assertClose(network.output(series), same.output(series));
    }

    @Test
    void preProcessorsStayBeforeTheirLayers() {
        MultiLayerNetwork network = network(settings()
                .list()
                .layer(dense(0, 16).build())
                .layer(new ConvolutionLayer.Builder(2, 2).nOut(3).build())
                .layer(dense(0, 20).build())
                .layer(head(0, 4))
                .inputPreProcessor(1, new FeedForwardToCnnPreProcessor(4, 4, 1))
                .setInputType(InputType.feedForward(20))
                .build());
        setRank(network.getParam("0_W"), 2, 1);
        setRank(network.getParam("2_W"), 3, 2);
        MultiLayerNetwork small = FactoredModel.of(network, RankChoice.exact());
        assertEquals(6, small.getnLayers());
        assertClose(network.output(inputs(3)), small.output(inputs(3)));
    }

    @Test
    void aGraphBecomesSmallerToo() {
        ComputationGraphConfiguration configuration = settings()
                .graphBuilder()
                .addInputs("left", "right")
                .addLayer("a", dense(20, 30).build(), "left")
                .addLayer("b", dense(20, 30).hasBias(false).build(), "right")
                .addVertex("both", new MergeVertex(), "a", "b")
                .addLayer("out", head(60, 10), "both")
                .setOutputs("out")
                .build();
        ComputationGraph graph = new ComputationGraph(configuration);
        graph.init();
        setRank(graph.getLayer("a").getParam("W"), 3, 1);
        setRank(graph.getLayer("out").getParam("W"), 4, 2);
        graph.getLayer("a").getParam("b").assign(0.2);
        graph.getConfiguration().setEpochCount(3);
        ComputationGraph small = FactoredModel.of(graph, RankChoice.exact());
        assertClose(
                graph.outputSingle(inputs(6), inputs(6).mul(2)),
                small.outputSingle(inputs(6), inputs(6).mul(2)));
        assertEquals(graph.numParams() - 20 * 30 + 3 * (20 + 30) - 60 * 10 + 4 * (60 + 10), small.numParams());
        assertEquals(3, small.getConfiguration().getEpochCount());
        assertTrue(small.getConfiguration().getVertices().containsKey("out-lowrank"));
        assertFalse(
                graph.getConfiguration().getVertices().containsKey("out-lowrank"), "the graph itself stays as it is");
        assertFalse(small.getConfiguration().toJson().contains("lowrank4j"));
    }

    @Test
    void aNameThatIsTakenIsRefused() {
        MultiLayerNetwork network = network(settings()
                .list()
                .layer(dense(20, 30).name("x").build())
                .layer(dense(30, 5).name("x-lowrank").build())
                .layer(head(5, 4))
                .build());
        setRank(network.getParam("0_W"), 2, 1);
        LowRankException refused =
                assertThrows(LowRankException.class, () -> FactoredModel.of(network, RankChoice.exact()));
        assertTrue(refused.getMessage().contains("Rename that layer"), refused.getMessage());
    }

    @Test
    void choicesCountSingularValues() {
        INDArray diagonal = Nd4j.diag(Nd4j.createFromArray(3.0, 2.0, 0.05, 0.04, 1e-9));
        WholeLayer whole = WholeLayer.of(diagonal);
        RankedLayer layer = new RankedLayer(
                "x", whole, new Svd(), new Svd().factors(whole, new OptionValues(new Svd(), Map.of())), null);
        assertEquals(4, RankChoice.exact().rank(layer));
        assertEquals(3, RankChoice.threshold(0.05 - 1e-12).rank(layer));
        assertEquals(2, RankChoice.threshold(0.06).rank(layer));
        assertEquals(1, RankChoice.energy(0.6).rank(layer));
        assertEquals(2, RankChoice.energy(0.99).rank(layer));
        assertEquals(1, RankChoice.threshold(100).rank(layer));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, Double.NaN, 1.5})
    void whatIsNoShareIsRefused(double energy) {
        assertThrows(LowRankException.class, () -> RankChoice.energy(energy));
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
    void whatIsNoThresholdIsRefused(double threshold) {
        assertThrows(LowRankException.class, () -> RankChoice.threshold(threshold));
    }
}
