package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;

/** A BatchNormalization that the rule leaves frozen keeps its inference statistics, and so does what trains around it. */
class FrozenBatchNormalizationTest {

    private static final double RATE = 0.05;
    private static final int EXAMPLES = 6;

    @LowRank(rank = 2)
    private static MultiLayerNetwork ruled(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2)
    private static ComputationGraph ruled(ComputationGraphConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, train = "type:ConvolutionLayer")
    private static MultiLayerNetwork trainingConvolutions(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, train = "type:BatchNormalization")
    private static MultiLayerNetwork trainingNormalisation(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, layers = "2")
    private static MultiLayerNetwork lastDenseOnly(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    private static BatchNormalization.Builder normalisation() {
        return new BatchNormalization.Builder().eps(1e-3);
    }

    /** Dense 6-8, the normalisation, dense 8-7, head. */
    private static MultiLayerConfiguration dense(
            NeuralNetConfiguration.Builder settings, BatchNormalization.Builder normalisation) {
        return settings.list()
                .layer(Nets.dense(Nets.INPUTS, Nets.HIDDEN))
                .layer(normalisation.nIn(Nets.HIDDEN).nOut(Nets.HIDDEN).build())
                .layer(Nets.dense(Nets.HIDDEN, Nets.HIDDEN - 1))
                .layer(Nets.head(Nets.HIDDEN - 1))
                .build();
    }

    private static ComputationGraphConfiguration graph(
            NeuralNetConfiguration.Builder settings, BatchNormalization.Builder normalisation) {
        return settings.graphBuilder()
                .addInputs("in")
                .addLayer("0", Nets.dense(Nets.INPUTS, Nets.HIDDEN), "in")
                .addLayer("1", normalisation.nIn(Nets.HIDDEN).nOut(Nets.HIDDEN).build(), "0")
                .addLayer("2", Nets.dense(Nets.HIDDEN, Nets.HIDDEN - 1), "1")
                .addLayer("3", Nets.head(Nets.HIDDEN - 1), "2")
                .setOutputs("3")
                .build();
    }

    /** A convolution, the normalisation of its three channels, dense, head; 5 x 4 pixels. */
    private static MultiLayerConfiguration convolutional(NeuralNetConfiguration.Builder settings, CNN2DFormat format) {
        return settings.list()
                .layer(new ConvolutionLayer.Builder(2, 2)
                        .nOut(3)
                        .activation(Activation.TANH)
                        .dataFormat(format)
                        .build())
                .layer(normalisation().build())
                .layer(new DenseLayer.Builder()
                        .nOut(5)
                        .activation(Activation.TANH)
                        .build())
                .layer(Nets.head(5))
                .setInputType(InputType.convolutional(5, 4, 2, format))
                .build();
    }

    private static DataSet images(DataType type, CNN2DFormat format) {
        INDArray pixels = format == CNN2DFormat.NCHW
                ? Data.normal(7, type, EXAMPLES, 2, 5, 4)
                : Data.normal(7, type, EXAMPLES, 5, 4, 2);
        return new DataSet(pixels, Data.oneHot(8, type, EXAMPLES, Nets.CLASSES));
    }

    private static DataSet rows(DataType type) {
        return Data.classes(3, type, EXAMPLES, Nets.INPUTS, Nets.CLASSES);
    }

    /** As after training: no number of a normalisation is what it starts with. */
    private static void train(Layer layer) {
        INDArray mean = layer.getParam("mean");
        INDArray logs = layer.getParam("log10stdev");
        INDArray spread = logs == null ? layer.getParam("var") : logs;
        mean.assign(Data.normal(31, mean.dataType(), mean.shape()).mul(0.5));
        spread.assign(
                Data.normal(32, spread.dataType(), spread.shape()).mul(0.1).addi(0.4));
        INDArray gamma = layer.getParam("gamma");
        if (gamma != null) {
            gamma.assign(Data.normal(33, gamma.dataType(), gamma.shape()).addi(1.5));
            INDArray beta = layer.getParam("beta");
            beta.assign(Data.normal(34, beta.dataType(), beta.shape()));
        }
    }

    private static MultiLayerNetwork trained(MultiLayerNetwork network) {
        train(network.getLayer(1));
        return network;
    }

    private static ComputationGraph trained(ComputationGraph graph) {
        train(graph.getLayer("1"));
        return graph;
    }

    static Stream<Supplier<BatchNormalization.Builder>> kinds() {
        return Stream.of(
                () -> normalisation(),
                () -> normalisation().useLogStd(false),
                () -> normalisation().lockGammaBeta(true),
                () -> normalisation().lockGammaBeta(true).gamma(1.7).beta(-0.3),
                // DL4J leaves out a gain without a shift.
                () -> normalisation().lockGammaBeta(true).gamma(1.7));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void factorsBelowAndAboveGetTheGradientOfInference(Supplier<BatchNormalization.Builder> kind) {
        DataSet data = rows(DataType.DOUBLE);
        step(
                        trained(ruled(dense(Nets.settings(DataType.DOUBLE, new Sgd(RATE)), kind.get()))),
                        Nets.initialised(dense(Nets.settings(DataType.DOUBLE, new Sgd(RATE)), kind.get())),
                        data)
                .targets("0", "2")
                .trained("3_W", "3_b")
                .verify();
    }

    @Test
    void soDoThoseOfAGraph() {
        DataSet data = rows(DataType.DOUBLE);
        ComputationGraph network =
                trained(ruled(graph(Nets.settings(DataType.DOUBLE, new Sgd(RATE)), normalisation())));
        network.fit(data);
        ComputationGraph stock =
                Nets.initialised(graph(Nets.settings(DataType.DOUBLE, new Sgd(RATE)), normalisation()));
        new StepCheck(
                        network,
                        () -> network.fit(data),
                        stock,
                        model -> ((ComputationGraph) model).score(data, false),
                        RATE)
                .targets("0", "2")
                .trained("3_W", "3_b")
                .verify();
    }

    @ParameterizedTest
    @EnumSource(CNN2DFormat.class)
    void soDoesAConvolutionThatTrainsBelow(CNN2DFormat format) {
        step(
                        trained(trainingConvolutions(
                                convolutional(Nets.settings(DataType.DOUBLE, new Sgd(RATE)), format))),
                        Nets.initialised(convolutional(Nets.settings(DataType.DOUBLE, new Sgd(RATE)), format)),
                        images(DataType.DOUBLE, format))
                .targets("2")
                .trained("0_W", "0_b", "3_W", "3_b")
                .verify();
    }

    /** The second step of a network, against finite differences of the stock one's loss. */
    private static StepCheck step(MultiLayerNetwork network, MultiLayerNetwork stock, DataSet data) {
        network.fit(data);
        return new StepCheck(
                network, () -> network.fit(data), stock, model -> ((MultiLayerNetwork) model).score(data, false), RATE);
    }

    @ParameterizedTest
    @CsvSource({"FLOAT, false", "DOUBLE, false", "FLOAT, true"})
    void nothingOfItMoves(DataType type, boolean clipped) {
        NeuralNetConfiguration.Builder settings = Nets.settings(type, new Adam(0.01));
        if (clipped) {
            settings.gradientNormalization(GradientNormalization.ClipL2PerLayer).gradientNormalizationThreshold(0.1);
        }
        for (MultiLayerNetwork network : List.of(
                trained(ruled(dense(settings, normalisation()))),
                trained(trainingConvolutions(convolutional(settings, CNN2DFormat.NCHW))))) {
            INDArray before = network.getLayer(1).params().dup();
            INDArray weights = network.params().dup();
            DataSet data = network.getLayer(0) instanceof org.deeplearning4j.nn.layers.feedforward.dense.DenseLayer
                    ? rows(type)
                    : images(type, CNN2DFormat.NCHW);
            for (int i = 0; i < 5; i++) {
                network.fit(data);
            }
            Nets.assertSame(before, network.getLayer(1).params(), "the normalisation");
            Nets.assertMoved(weights, network.params(), "the network");
        }
    }

    /** What a step sees is what {@code output} predicts, whatever the order of memory and the size of a channel. */
    @ParameterizedTest
    @CsvSource({"FLOAT, 3, 2, 2", "DOUBLE, 3, 2, 2", "FLOAT, 2, 80, 70", "DOUBLE, 2, 80, 70", "FLOAT, 5000, 1, 1"})
    void scoresAsAtInference(DataType type, int channels, int height, int width) {
        MultiLayerConfiguration configuration = Nets.settings(type, new Sgd(0))
                .list()
                .layer(normalisation().build())
                .layer(new DenseLayer.Builder()
                        .nOut(4)
                        .activation(Activation.TANH)
                        .build())
                .layer(Nets.head(4))
                .setInputType(InputType.convolutional(height, width, channels))
                .build();
        MultiLayerNetwork network = ruled(configuration);
        train(network.getLayer(0));
        INDArray pixels = Data.normal(41, type, 3, channels, height, width);
        INDArray labels = Data.oneHot(42, type, 3, Nets.CLASSES);
        for (INDArray input : List.of(
                pixels,
                pixels.dup('f'),
                // As convolutions leave their outputs: channels first.
                pixels.permute(1, 0, 2, 3).dup('c').permute(1, 0, 2, 3))) {
            DataSet data = new DataSet(input, labels);
            double expected = network.score(data, false);
            network.fit(data);
            assertEquals(expected, network.score(), type == DataType.FLOAT ? 1e-5 : 1e-12);
        }
    }

    /** Counts the backward passes that come to it. */
    private static final class CountedTanh extends ActivationTanH {
        private static final long serialVersionUID = 1L;
        private static int passes;

        @Override
        public Pair<INDArray, INDArray> backprop(INDArray in, INDArray epsilon) {
            passes++;
            return super.backprop(in, epsilon);
        }
    }

    @Test
    void nothingIsPassedOnWhereNothingBelowTrains() {
        MultiLayerNetwork network = lastDenseOnly(Nets.settings(DataType.FLOAT, new Sgd(RATE))
                .list()
                .layer(new ActivationLayer(new CountedTanh()))
                .layer(normalisation().nIn(Nets.INPUTS).nOut(Nets.INPUTS).build())
                .layer(Nets.dense(Nets.INPUTS, Nets.HIDDEN))
                .layer(Nets.head(Nets.HIDDEN))
                .build());
        CountedTanh.passes = 0;
        network.fit(rows(DataType.FLOAT));
        assertEquals(0, CountedTanh.passes);
        assertEquals(1, network.getIterationCount());
    }

    @Test
    void itTrainsWhereTheRuleSaysSo() {
        MultiLayerNetwork network =
                trained(trainingNormalisation(dense(Nets.settings(DataType.FLOAT, new Sgd(RATE)), normalisation())));
        INDArray mean = network.getParam("1_mean").dup();
        INDArray gamma = network.getParam("1_gamma").dup();
        network.fit(rows(DataType.FLOAT));
        Nets.assertMoved(mean, network.getParam("1_mean"), "the running mean");
        Nets.assertMoved(gamma, network.getParam("1_gamma"), "the gain");
    }

    /** It normalises nothing, and what is below it may overflow. */
    @Test
    void oneThatWasNeverTrainedTrainsByDefaultAndIsNamedWhereTheRuleFreezesIt() {
        List<String> said = CapturedErrors.of(() -> {
            for (boolean logs : new boolean[] {true, false}) {
                MultiLayerConfiguration configuration = dense(
                        Nets.settings(DataType.FLOAT, new Sgd(RATE)),
                        normalisation().useLogStd(logs));
                MultiLayerNetwork byDefault = ruled(configuration);
                MultiLayerNetwork frozen = lastDenseOnly(configuration);
                for (MultiLayerNetwork network : List.of(byDefault, frozen)) {
                    // It is no more as it was drawn.
                    network.getParam("1_gamma").muli(2);
                    network.fit(rows(DataType.FLOAT));
                }
                assertNotEquals(0, byDefault.getParam("1_mean").amaxNumber().doubleValue());
                assertEquals(0, frozen.getParam("1_mean").amaxNumber().doubleValue());
            }
        });
        assertEquals(2, CapturedErrors.containing(said, "never trained").size(), said::toString);
        List<String> saidOfTrained = CapturedErrors.of(() -> trained(
                        ruled(dense(Nets.settings(DataType.FLOAT, new Sgd(RATE)), normalisation())))
                .fit(rows(DataType.FLOAT)));
        assertTrue(CapturedErrors.containing(saidOfTrained, "never trained").isEmpty(), saidOfTrained::toString);
        assertTrue(CapturedErrors.containing(saidOfTrained, "trains as stock").isEmpty(), saidOfTrained::toString);
    }
}
