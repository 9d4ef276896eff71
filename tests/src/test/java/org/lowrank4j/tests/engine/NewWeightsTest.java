package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.decomposition.ThinSvd;
import org.lowrank4j.network.NetworkWeights;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Sgd;

/** {@code weights=} draws those of networks that draw their own, and no others. */
class NewWeightsTest {

    private static final int WIDTH = 300;
    private static final int DEPTH = 30;

    @TempDir
    Path directory;

    /** Stored here after it was initialised elsewhere. */
    @LowRank(rank = 2, weights = "orthogonal")
    private MultiLayerNetwork kept;

    private static Map<String, String> rule(String weights) {
        return Map.of("rank", "2", "weights", weights);
    }

    private static MultiLayerNetwork plain() {
        return Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
    }

    private static MultiLayerNetwork deep(Activation activation) {
        NeuralNetConfiguration.ListBuilder layers = new NeuralNetConfiguration.Builder()
                .seed(9)
                .dataType(DataType.FLOAT)
                .weightInit(WeightInit.XAVIER)
                .updater(new Sgd(0))
                .list();
        for (int i = 0; i < DEPTH; i++) {
            layers.layer(new DenseLayer.Builder()
                    .nIn(WIDTH)
                    .nOut(WIDTH)
                    .activation(activation)
                    .build());
        }
        return Nets.initialised(layers.layer(Nets.head(WIDTH)).build());
    }

    /** The variance of what the last hidden layer answers over the first's, and of its errors, back; over some examples. */
    private static double[] growth(MultiLayerNetwork network) {
        double[] squares = new double[4];
        for (int i = 0; i < 8; i++) {
            DataSet one = Data.classes(i, DataType.FLOAT, 1, WIDTH, Nets.CLASSES);
            network.setInput(one.getFeatures());
            network.setLabels(one.getLabels());
            List<INDArray> activations = network.feedForward(one.getFeatures());
            network.computeGradientAndScore();
            Gradient gradient = network.gradient();
            squares[0] += square(activations.get(DEPTH));
            squares[1] += square(activations.get(1));
            // Of a single example the gradient of a bias is the error of its unit.
            squares[2] += square(gradient.getGradientFor("0_b"));
            squares[3] += square(gradient.getGradientFor((DEPTH - 1) + "_b"));
        }
        return new double[] {squares[0] / squares[1], squares[2] / squares[3]};
    }

    private static double square(INDArray array) {
        double norm = array.norm2Number().doubleValue();
        return norm * norm / array.length();
    }

    @ParameterizedTest
    @CsvSource({"RELU, edge-of-chaos", "TANH, edge-of-chaos", "ELU, edge-of-chaos", "RELU, orthogonal"})
    void signalsKeepTheirSizeOverThirtyLayers(Activation activation, String weights) {
        double[] drawn = growth(Rules.during(rule(weights), () -> deep(activation)));
        for (double ratio : drawn) {
            assertTrue(ratio > 0.05 && ratio < 20, activation + " " + weights + ": " + drawn[0] + ", " + drawn[1]);
        }
    }

    /** What the key is for: Xavier's weights halve the variance in every layer of relu. */
    @Test
    void underXavierTheyDie() {
        double[] stock = growth(deep(Activation.RELU));
        assertTrue(stock[0] < 1e-6 && stock[1] < 1e-6, stock[0] + ", " + stock[1]);
    }

    private static void assertOrthogonal(INDArray matrix, double gain, String what) {
        for (double value : ThinSvd.of(matrix).singularValues()) {
            assertEquals(gain, value, 1e-4, what);
        }
    }

    @Test
    void denseAndOutputLayersAreOrthogonal() {
        MultiLayerNetwork network = Rules.during(rule("orthogonal"), NewWeightsTest::plain);
        for (int layer = 0; layer < 3; layer++) {
            assertOrthogonal(network.getParam(layer + "_W"), 1, "layer " + layer);
            assertEquals(0, network.getParam(layer + "_b").amaxNumber().doubleValue());
        }
        MultiLayerNetwork again = Rules.during(rule("orthogonal"), NewWeightsTest::plain);
        Nets.assertSame(network.params(), again.params(), "the seed decides");
    }

    @Test
    void thoseOfAnAnnotatedFieldAreDrawnWhenItIsStored() {
        kept = plain();
        assertOrthogonal(kept.getParam("0_W"), 1, "stored");
        MultiLayerNetwork trained = plain();
        trained.fit(Data.classes(1, DataType.FLOAT, 9, Nets.INPUTS, Nets.CLASSES));
        INDArray before = trained.params().dup();
        kept = trained;
        Nets.assertSame(before, kept.params(), "what has trained stays");
    }

    @Test
    void everyGateAndAConvolutionsFiltersAreOrthogonal() {
        MultiLayerNetwork network = Rules.during(
                rule("orthogonal"),
                () -> Nets.initialised(new NeuralNetConfiguration.Builder()
                        .seed(3)
                        .updater(new Sgd(0.1))
                        .list()
                        .layer(new LSTM.Builder().nIn(4).nOut(5).build())
                        .layer(new Bidirectional(new SimpleRnn.Builder()
                                .nIn(5)
                                .nOut(5)
                                .activation(Activation.TANH)
                                .build()))
                        .layer(new RnnOutputLayer.Builder()
                                .nIn(10)
                                .nOut(3)
                                .activation(Activation.SOFTMAX)
                                .build())
                        .build()));
        for (String name : List.of("0_W", "0_RW")) {
            INDArray gates = network.getParam(name);
            for (int gate = 0; gate < 4; gate++) {
                assertOrthogonal(
                        gates.get(NDArrayIndex.all(), NDArrayIndex.interval(5L * gate, 5L * gate + 5)), 1, name);
            }
        }
        for (String name : List.of("1_fW", "1_fRW", "1_bW", "1_bRW")) {
            assertOrthogonal(network.getParam(name), 1, name);
        }
        assertNotEquals(network.getParam("1_fRW"), network.getParam("1_bRW"));
        MultiLayerNetwork pictures = Rules.during(rule("orthogonal"), NewWeightsTest::pictures);
        assertOrthogonal(NetworkWeights.of(pictures).matrix("layer0"), Math.sqrt(2), "filters");
    }

    private static MultiLayerNetwork pictures() {
        return Nets.initialised(new NeuralNetConfiguration.Builder()
                .seed(3)
                .updater(new Sgd(0.1))
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3)
                        .nOut(6)
                        .activation(Activation.RELU)
                        .build())
                .layer(new OutputLayer.Builder()
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build())
                .setInputType(InputType.convolutional(8, 8, 2))
                .build());
    }

    @Test
    void onTheEdgeOfChaosFiltersHaveTheVarianceOfTheirFan() {
        MultiLayerNetwork network = Rules.during(rule("edge-of-chaos"), NewWeightsTest::pictures);
        double variance = square(network.getParam("0_W"));
        assertEquals(2.0 / (2 * 9), variance, 0.3 * 2.0 / 18);
    }

    @ParameterizedTest
    @ValueSource(strings = {"orthogonal", "edge-of-chaos"})
    void whatIsLoadedGivenOrClonedStaysAsItIs(String weights) throws IOException {
        MultiLayerNetwork stock = plain();
        Path file = directory.resolve("stock.zip");
        stock.save(file.toFile());
        Rules.during(rule(weights), () -> {
            try {
                Nets.assertSame(
                        stock.params(),
                        MultiLayerNetwork.load(file.toFile(), true).params(),
                        "loaded");
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
            MultiLayerNetwork given = new MultiLayerNetwork(stock.getLayerWiseConfigurations());
            given.init(stock.params(), true);
            Nets.assertSame(stock.params(), given.params(), "given");
            Nets.assertSame(stock.params(), stock.clone().params(), "cloned");
            return given;
        });
        MultiLayerNetwork written = Rules.during(Map.of("rank", "2"), NewWeightsTest::plain);
        Nets.assertSame(stock.params(), written.params(), "without the key");
        MultiLayerNetwork named = Rules.during(rule("stock"), NewWeightsTest::plain);
        Nets.assertSame(stock.params(), named.params(), "stock");
        MultiLayerNetwork reported =
                Rules.during(Map.of("rank", "2", "weights", weights, "mode", "report"), NewWeightsTest::plain);
        Nets.assertSame(stock.params(), reported.params(), "mode=report");
        assertTrue(Files.exists(file));
    }

    /** What was drawn so is as random as what DL4J draws: train=auto trains it in full. */
    @Test
    void whatWasDrawnCountsAsRandom() {
        MultiLayerNetwork network =
                Rules.during(Map.of("rank", "2", "weights", "orthogonal", "train", "auto"), NewWeightsTest::plain);
        List<String> said =
                CapturedErrors.of(() -> network.fit(Data.classes(1, DataType.FLOAT, 9, Nets.INPUTS, Nets.CLASSES)));
        assertEquals(network.numParams(), Nets.gradientEntries(network), said.toString());
    }

    private static String refusal(String weights, NeuralNetConfiguration.ListBuilder layers, DataSet data) {
        MultiLayerNetwork stock = Nets.initialised(layers.build());
        MultiLayerNetwork network = Rules.during(rule(weights), () -> Nets.initialised(layers.build()));
        Nets.assertSame(stock.params(), network.params(), "nothing is drawn");
        return assertThrows(LowRankException.class, () -> network.fit(data)).getMessage();
    }

    private static NeuralNetConfiguration.ListBuilder list() {
        return new NeuralNetConfiguration.Builder()
                .seed(3)
                .updater(new Sgd(0.1))
                .list();
    }

    @Test
    void aLayerWithoutSuchWeightsIsRefusedByName() {
        DataSet sequences = Data.sequences(1, DataType.FLOAT, 4, 4, 3, 5);
        NeuralNetConfiguration.ListBuilder gates = list().layer(
                        new LSTM.Builder().name("memory").nIn(4).nOut(5).build())
                .layer(new RnnOutputLayer.Builder()
                        .nIn(5)
                        .nOut(3)
                        .activation(Activation.SOFTMAX)
                        .build());
        String message = refusal("edge-of-chaos", gates, sequences);
        assertTrue(message.contains("weights=edge-of-chaos"), message);
        assertTrue(message.contains("layer 'memory' (LSTM) has gates"), message);
        assertTrue(message.contains("weights=orthogonal goes with it"), message);

        NeuralNetConfiguration.ListBuilder tokens = list().layer(
                        new EmbeddingLayer.Builder().nIn(9).nOut(6).build())
                .layer(Nets.head(6));
        message = refusal("orthogonal", tokens, Data.classes(1, DataType.FLOAT, 9, 1, Nets.CLASSES));
        assertTrue(message.contains("layer 'layer0' (EmbeddingLayer) has no matrices"), message);

        message = assertThrows(LowRankException.class, () -> Rules.during(rule("orthogonl"), NewWeightsTest::plain))
                .getMessage();
        assertTrue(message.contains("stock, orthogonal, edge-of-chaos"), message);
    }
}
