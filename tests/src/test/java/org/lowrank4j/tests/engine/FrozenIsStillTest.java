package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CenterLossOutputLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.EmbeddingLayer;
import org.deeplearning4j.nn.conf.layers.GravesLSTM;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.SeparableConvolution2D;
import org.deeplearning4j.nn.conf.layers.misc.ElementWiseMultiplicationLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.conf.ocnn.OCNNOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Of a layer that the rule freezes nothing moves, and with bias=all its vectors alone, as in stock training. */
class FrozenIsStillTest {

    private static final int STEPS = 3;
    private static final int EXAMPLES = 5;
    private static final double RATE = 0.1;

    /** A network whose layer named "target" is to be adapted, and one of its minibatches. */
    private record Case(String name, MultiLayerConfiguration configuration, DataSet batch, List<String> vectors) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static NeuralNetConfiguration.Builder settings() {
        return Nets.settings(DataType.DOUBLE, new Sgd(RATE)).l2(0.01).activation(Activation.TANH);
    }

    private static DenseLayer target() {
        return new DenseLayer.Builder().name("target").nOut(5).build();
    }

    private static CenterLossOutputLayer centred() {
        return new CenterLossOutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(Nets.CLASSES)
                .build();
    }

    private static Stream<Case> cases() {
        // Without l2: of separable and depthwise convolutions, stock DL4J applies it to stretches that are not theirs.
        NeuralNetConfiguration.ListBuilder images = settings()
                .l2(0)
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3).nOut(3).build())
                .layer(new SeparableConvolution2D.Builder(2, 2).nOut(4).build())
                .layer(new DepthwiseConvolution2D.Builder(2, 2)
                        .depthMultiplier(1)
                        .nOut(4)
                        .build())
                .layer(new Deconvolution2D.Builder(2, 2).nOut(2).build())
                .layer(target())
                .layer(Nets.head(0))
                .setInputType(InputType.convolutional(7, 7, 2));
        NeuralNetConfiguration.ListBuilder series = settings()
                .list()
                .layer(new LSTM.Builder().nOut(4).build())
                .layer(new GravesLSTM.Builder().nOut(3).build())
                .layer(target())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nOut(Nets.CLASSES)
                        .build())
                .setInputType(InputType.recurrent(2, 6));
        NeuralNetConfiguration.ListBuilder units = settings()
                .list()
                .layer(new DenseLayer.Builder().nOut(6).hasLayerNorm(true).build())
                .layer(new PReLULayer.Builder().inputShape(6).build())
                .layer(new ElementWiseMultiplicationLayer.Builder()
                        .nIn(6)
                        .nOut(6)
                        .build())
                .layer(new DenseLayer.Builder()
                        .name("target")
                        .nOut(5)
                        .hasLayerNorm(true)
                        .build())
                .layer(centred())
                .setInputType(InputType.feedForward(Nets.INPUTS));
        NeuralNetConfiguration.ListBuilder words = settings()
                .list()
                .layer(new EmbeddingLayer.Builder().nIn(9).nOut(4).hasBias(true).build())
                .layer(target())
                .layer(Nets.head(0))
                .setInputType(InputType.feedForward(9));
        INDArray classes = Nd4j.eye(Nets.CLASSES).castTo(DataType.DOUBLE).get(Nd4j.createFromArray(0, 2, 1, 1, 0));
        return Stream.of(
                new Case(
                        "convolutions",
                        images.build(),
                        new DataSet(Data.normal(1, DataType.DOUBLE, EXAMPLES, 2, 7, 7), classes),
                        List.of("0_b", "1_b", "2_b", "3_b", "4_b")),
                new Case(
                        "recurrent",
                        series.build(),
                        new DataSet(Data.normal(2, DataType.DOUBLE, EXAMPLES, 2, 6), everyStep(classes, 6)),
                        List.of("0_b", "1_b", "2_b")),
                new Case(
                        "units",
                        units.build(),
                        new DataSet(Data.normal(3, DataType.DOUBLE, EXAMPLES, Nets.INPUTS), classes),
                        List.of("0_b", "0_g", "1_W", "2_W", "2_b", "3_b", "3_g", "4_b")),
                new Case(
                        "words",
                        words.build(),
                        new DataSet(Nd4j.createFromArray(new double[][] {{0}, {3}, {8}, {3}, {1}}), classes),
                        List.of("0_b", "1_b")));
    }

    private static INDArray everyStep(INDArray classes, int steps) {
        INDArray labels = Nd4j.create(DataType.DOUBLE, classes.size(0), classes.size(1), steps);
        for (int step = 0; step < steps; step++) {
            labels.tensorAlongDimension(step, 0, 1).assign(classes);
        }
        return labels;
    }

    @LowRank(layers = "target", rank = 2, train = "none")
    private static MultiLayerNetwork frozen(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(layers = "target", rank = 2, train = "none", bias = "all")
    private static MultiLayerNetwork vectors(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void nothingOfAFrozenLayerMoves(Case given) {
        MultiLayerNetwork network = frozen(given.configuration().clone());
        Map<String, INDArray> before = copy(network.paramTable());
        for (int i = 0; i < STEPS; i++) {
            network.fit(given.batch());
        }
        before.forEach((name, value) -> {
            if (name.equals(targetWeight(network))) {
                Nets.assertMoved(value, network.getParam(name), name);
            } else {
                Nets.assertSame(value, network.getParam(name), name);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("cases")
    void withBiasAllTheVectorsTrainAsInStock(Case given) {
        MultiLayerNetwork network = vectors(given.configuration().clone());
        MultiLayerNetwork stock = Nets.initialised(given.configuration().clone());
        Map<String, INDArray> before = copy(network.paramTable());
        List<String> trained = Stream.concat(
                        given.vectors().stream(),
                        Stream.of((network.getnLayers() - 1) + "_b")
                                .filter(name -> !given.vectors().contains(name)))
                .toList();
        for (int i = 0; i < STEPS; i++) {
            stock.params().assign(network.params());
            network.fit(given.batch());
            stock.fit(given.batch());
            for (String name : trained) {
                Nets.assertClose(stock.getParam(name), network.getParam(name), 1e-12, name + " at step " + i);
            }
        }
        before.forEach((name, value) -> {
            if (trained.contains(name) || name.equals(targetWeight(network))) {
                Nets.assertMoved(value, network.getParam(name), name);
            } else {
                Nets.assertSame(value, network.getParam(name), name);
            }
        });
    }

    private static String targetWeight(MultiLayerNetwork network) {
        for (int i = 0; i < network.getnLayers(); i++) {
            if ("target".equals(network.getLayer(i).conf().getLayer().getLayerName())) {
                return i + "_W";
            }
        }
        throw new AssertionError("no target");
    }

    private static Map<String, INDArray> copy(Map<String, INDArray> table) {
        Map<String, INDArray> copies = new LinkedHashMap<>();
        table.forEach((name, array) -> copies.put(name, array.dup()));
        return copies;
    }

    @LowRank(layers = "target", rank = 2, bias = "all")
    private static ComputationGraph graph(ComputationGraphConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @Test
    void vectorsOfAGraphTrainAsInStock() {
        ComputationGraphConfiguration configuration = settings()
                .graphBuilder()
                .addInputs("in")
                .addLayer("conv", new ConvolutionLayer.Builder(3, 3).nOut(3).build(), "in")
                .addLayer(
                        "gained",
                        new DenseLayer.Builder().nOut(6).hasLayerNorm(true).build(),
                        "conv")
                .addLayer("target", new DenseLayer.Builder().nOut(5).build(), "gained")
                .addLayer("out", Nets.head(0), "target")
                .setOutputs("out")
                .setInputTypes(InputType.convolutional(5, 5, 1))
                .build();
        ComputationGraph network = graph(configuration.clone());
        ComputationGraph stock = Nets.initialised(configuration.clone());
        INDArray conv = network.getParam("conv_W").dup();
        DataSet batch = new DataSet(
                Data.normal(4, DataType.DOUBLE, 3, 1, 5, 5), Nd4j.eye(3).castTo(DataType.DOUBLE));
        for (int i = 0; i < STEPS; i++) {
            stock.params().assign(network.params());
            network.fit(batch);
            stock.fit(batch);
            for (String name : List.of("conv_b", "gained_b", "gained_g", "target_b", "out_W", "out_b")) {
                Nets.assertClose(stock.getParam(name), network.getParam(name), 1e-12, name + " at step " + i);
            }
        }
        Nets.assertSame(conv, network.getParam("conv_W"), "conv_W");
    }

    /** An epoch changes, and the layer would take its percentile. */
    @Test
    void theRadiusOfAOneClassNetworkStays() {
        MultiLayerConfiguration configuration = settings()
                .list()
                .layer(target())
                .layer(new OCNNOutputLayer.Builder()
                        .nIn(5)
                        .hiddenLayerSize(4)
                        .windowSize(40)
                        .nu(0.1)
                        .initialRValue(0.3)
                        .build())
                .setInputType(InputType.feedForward(Nets.INPUTS))
                .build();
        MultiLayerNetwork network = frozen(configuration.clone());
        MultiLayerNetwork stock = Nets.initialised(configuration.clone());
        Map<String, INDArray> before = copy(network.paramTable());
        INDArray examples = Data.normal(5, DataType.DOUBLE, 16, Nets.INPUTS);
        ListDataSetIterator<DataSet> batches = new ListDataSetIterator<>(new DataSet(examples, examples).asList(), 8);
        network.fit(batches, 3);
        stock.fit(batches, 3);
        assertNotEquals(before.get("1_r"), stock.getParam("1_r"));
        for (String name : List.of("1_v", "1_w", "1_r")) {
            assertEquals(before.get(name), network.getParam(name), name);
        }
        Nets.assertMoved(before.get("0_W"), network.getParam("0_W"), "0_W");
    }

    /** Its backward pass writes all gradients into one piece of memory, which other layers use, too. */
    @Test
    void vectorsTrainBesideMatricesThatStayInARecurrentLayer() {
        MultiLayerNetwork network = vectors(settings()
                .list()
                .layer(new SimpleRnn.Builder().nOut(4).build())
                .layer(target())
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nOut(Nets.CLASSES)
                        .build())
                .setInputType(InputType.recurrent(2, 6))
                .build());
        INDArray bias = network.getParam("0_b").dup();
        INDArray recurrent = network.getParam("0_RW").dup();
        INDArray ofTarget = network.getParam("1_b").dup();
        DataSet batch = new DataSet(
                Data.normal(6, DataType.DOUBLE, 3, 2, 6), everyStep(Nd4j.eye(3).castTo(DataType.DOUBLE), 6));
        network.fit(batch);
        Nets.assertMoved(bias, network.getParam("0_b"), "0_b");
        Nets.assertSame(recurrent, network.getParam("0_RW"), "0_RW");
        Nets.assertMoved(ofTarget, network.getParam("1_b"), "1_b");
    }

    @Test
    void aNormalisationIsFrozenAsAWhole() {
        MultiLayerNetwork network = vectors(settings()
                .list()
                .layer(new DenseLayer.Builder().nOut(6).build())
                .layer(new BatchNormalization.Builder().build())
                .layer(target())
                .layer(Nets.head(0))
                .setInputType(InputType.feedForward(Nets.INPUTS))
                .build());
        Map<String, INDArray> before = copy(network.paramTable());
        DataSet batch = Data.classes(8, DataType.DOUBLE, EXAMPLES, Nets.INPUTS, Nets.CLASSES);
        List<String> said = CapturedErrors.of(() -> network.fit(batch));
        assertEquals(
                1,
                CapturedErrors.containing(said, "gamma, beta of layer 'layer1' (BatchNormalization) stay")
                        .size(),
                said::toString);
        before.forEach((name, value) -> {
            if (name.startsWith("1_")) {
                Nets.assertSame(value, network.getParam(name), name);
            }
        });
        Nets.assertMoved(before.get("0_b"), network.getParam("0_b"), "0_b");
    }

    @LowRank(rank = 3, init = "eva", options = "eva.batches=1", bias = "all")
    private static ComputationGraph startedFromInputs(ComputationGraphConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    /** The inputs of one layer never vary, so eva gives all ranks to the other; its bias trains like any other. */
    @Test
    void aLayerThatGetsRankZeroTrainsItsBias() {
        ComputationGraph network = startedFromInputs(Nets.settings(DataType.DOUBLE, new Sgd(RATE))
                .graphBuilder()
                .addInputs("constant", "varied")
                .addLayer("still", Nets.dense(Nets.INPUTS, Nets.HIDDEN), "constant")
                .addLayer("lively", Nets.dense(Nets.INPUTS, Nets.HIDDEN), "varied")
                .addLayer("out", Nets.head(2 * Nets.HIDDEN), "still", "lively")
                .setOutputs("out")
                .build());
        DataSet varied = Data.classes(3, DataType.DOUBLE, 32, Nets.INPUTS, Nets.CLASSES);
        Map<String, INDArray> before = copy(network.paramTable());
        network.fit(
                new INDArray[] {Nd4j.onesLike(varied.getFeatures()), varied.getFeatures()},
                new INDArray[] {varied.getLabels()});
        Nets.assertSame(before.get("still_W"), network.getParam("still_W"), "still_W");
        Nets.assertMoved(before.get("still_b"), network.getParam("still_b"), "still_b");
        Nets.assertMoved(before.get("lively_b"), network.getParam("lively_b"), "lively_b");
    }
}
