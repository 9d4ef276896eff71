package org.lowrank4j.tests.engine;

import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.constraint.MaxNormConstraint;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.AMSGrad;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;

/** What trains in full trains as in stock DL4J, and what is frozen keeps every bit, whatever the user's settings are. */
class StockEqualityTest {

    private static final int STEPS = 8;

    /** Everything in full but W of the second layer, which trains by its exact gradient. */
    @LowRank(
            layers = "1",
            rank = 1,
            update = "full",
            gradient = "exact",
            bias = "all",
            train = {"0", "2"})
    private static MultiLayerNetwork everything(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(
            layers = "second",
            rank = 1,
            update = "full",
            gradient = "exact",
            bias = "all",
            train = {"first", "out"})
    private static ComputationGraph everything(ComputationGraphConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(
            layers = "DenseLayer",
            rank = 1,
            update = "full",
            gradient = "exact",
            bias = "all",
            train = {"ConvolutionLayer", "BatchNormalization", "OutputLayer"})
    private static MultiLayerNetwork convolutional(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(layers = "0", rank = 2)
    private static MultiLayerNetwork firstLayer(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(layers = "1", rank = 2, bias = "lora-only")
    private static MultiLayerNetwork secondLayer(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    private record Settings(String name, UnaryOperator<NeuralNetConfiguration.Builder> with) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Settings> regularisations() {
        return Stream.of(
                new Settings("plain", settings -> settings),
                new Settings(
                        "l1 and l2",
                        settings -> settings.l1(0.01).l2(0.02).l1Bias(0.03).l2Bias(0.04)),
                new Settings("weight decay", settings -> settings.weightDecay(0.05)),
                new Settings(
                        "max-norm of weights", settings -> settings.constrainWeights(new MaxNormConstraint(0.5, 1))),
                new Settings(
                        "max-norm of weights and biases",
                        settings -> settings.constrainAllParameters(new MaxNormConstraint(0.1, 1))),
                new Settings("dropout", settings -> settings.dropOut(0.7)),
                new Settings("no minibatch division", settings -> settings.miniBatch(false)));
    }

    static Stream<Arguments> settingsAndUpdaters() {
        return regularisations()
                .flatMap(settings -> Stream.<IUpdater>of(
                                new Sgd(0.1), new Adam(0.01), new Nesterovs(0.05, 0.9), new AMSGrad(0.01))
                        .map(updater -> Arguments.of(settings, updater)));
    }

    private static NeuralNetConfiguration.Builder settings(Settings settings, IUpdater updater) {
        return settings.with().apply(Nets.settings(DataType.DOUBLE, updater));
    }

    private static DataSet batch(int seed) {
        return Data.classes(seed, DataType.DOUBLE, 5 + seed, Nets.INPUTS, Nets.CLASSES);
    }

    private static void train(MultiLayerNetwork network) {
        Nd4j.getRandom().setSeed(99);
        for (int i = 0; i < STEPS; i++) {
            network.fit(batch(i));
        }
    }

    @ParameterizedTest
    @MethodSource("settingsAndUpdaters")
    void trainedInFullFollowsStock(Settings settings, IUpdater updater) {
        MultiLayerNetwork adapted = everything(Nets.layers(settings(settings, updater.clone())));
        MultiLayerNetwork stock = Nets.initialised(Nets.layers(settings(settings, updater.clone())));
        INDArray before = stock.params().dup();
        train(adapted);
        train(stock);
        Nets.assertMoved(before, stock.params(), "the stock network");
        Nets.assertClose(stock.params(), adapted.params(), 1e-12, "the network trained in full");
    }

    @Test
    void trainedInFullFollowsStockInAGraph() {
        ComputationGraph adapted = everything(Nets.graph(Nets.settings(DataType.DOUBLE, new Adam(0.01))));
        ComputationGraph stock = Nets.initialised(Nets.graph(Nets.settings(DataType.DOUBLE, new Adam(0.01))));
        for (int i = 0; i < STEPS; i++) {
            adapted.fit(batch(i));
            stock.fit(batch(i));
        }
        Nets.assertClose(stock.params(), adapted.params(), 1e-12, "the graph trained in full");
    }

    @Test
    void convolutionsAndRunningStatisticsFollowStock() {
        MultiLayerNetwork adapted = convolutional(images());
        MultiLayerNetwork stock = Nets.initialised(images());
        for (int i = 0; i < STEPS; i++) {
            DataSet data = new DataSet(
                    Data.normal(i, DataType.DOUBLE, 4, 1, 6, 6), Data.oneHot(i, DataType.DOUBLE, 4, Nets.CLASSES));
            adapted.fit(data);
            stock.fit(data);
        }
        Nets.assertClose(stock.params(), adapted.params(), 1e-12, "the convolutional network");
    }

    private static MultiLayerConfiguration images() {
        return Nets.settings(DataType.DOUBLE, new Adam(0.01))
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3)
                        .nOut(3)
                        .activation(Activation.RELU)
                        .build())
                .layer(new BatchNormalization.Builder().build())
                .layer(Nets.dense(0, 5))
                .layer(Nets.head(5))
                .setInputType(InputType.convolutional(6, 6, 1))
                .build();
    }

    @ParameterizedTest
    @MethodSource("regularisations")
    void frozenKeepsEveryBit(Settings settings) {
        MultiLayerNetwork first = firstLayer(Nets.layers(settings(settings, new Adam(0.05))));
        MultiLayerNetwork second = secondLayer(Nets.layers(settings(settings, new Adam(0.05))));
        MultiLayerNetwork untouched = Nets.initialised(Nets.layers(settings(settings, new Adam(0.05))));
        train(first);
        train(second);
        Nets.assertTrained(untouched, first, Set.of("0_W", "2_W", "2_b"));
        Nets.assertTrained(untouched, second, Set.of("1_W", "1_b", "2_W", "2_b"));
    }

    /** The head over frozen layers sees the same inputs as a stock head over layers that DL4J froze. */
    @Test
    void headOverAFrozenStackFollowsStockFromOneStepToTheNext() {
        MultiLayerNetwork adapted = secondLayer(Nets.layers(Nets.settings(DataType.DOUBLE, new Sgd(0.1))));
        MultiLayerNetwork stock = Nets.initialised(Nets.layers(Nets.settings(DataType.DOUBLE, new Sgd(0.1))));
        for (int i = 0; i < STEPS; i++) {
            stock.params().assign(adapted.params());
            adapted.fit(batch(i));
            stock.fit(batch(i));
            for (String name : Set.of("1_b", "2_W", "2_b")) {
                Nets.assertClose(stock.getParam(name), adapted.getParam(name), 1e-13, name + " at step " + i);
            }
        }
    }

    /** dA = s G B^T and dB = s A^T G with the stock network's G, under dropout with the same random numbers. */
    @Test
    void factorGradientsAreThoseOfTheStockGradientUnderDropout() {
        double rate = 0.1;
        double scale = 8 / 2.0;
        MultiLayerNetwork adapted = secondLayer(
                Nets.layers(Nets.settings(DataType.DOUBLE, new Sgd(rate)).dropOut(0.6)));
        MultiLayerNetwork stock = Nets.initialised(
                Nets.layers(Nets.settings(DataType.DOUBLE, new Sgd(rate)).dropOut(0.6)));
        train(adapted);
        INDArray a = AdapterFile.factor(adapted, "layer1", "A");
        INDArray b = AdapterFile.factor(adapted, "layer1", "B");
        stock.params().assign(adapted.params());
        INDArray weight = stock.getParam("1_W").dup();
        Nd4j.getRandom().setSeed(7);
        adapted.fit(batch(3));
        Nd4j.getRandom().setSeed(7);
        stock.fit(batch(3));
        INDArray gradient = weight.sub(stock.getParam("1_W")).divi(rate);
        INDArray ofA = a.sub(AdapterFile.factor(adapted, "layer1", "A")).divi(rate);
        INDArray ofB = b.sub(AdapterFile.factor(adapted, "layer1", "B")).divi(rate);
        Nets.assertMoved(gradient.mul(0), gradient, "the stock gradient");
        Nets.assertClose(gradient.mmul(b.transpose()).muli(scale), ofA, 1e-10, "dA");
        Nets.assertClose(a.transpose().mmul(gradient).muli(scale), ofB, 1e-10, "dB");
    }
}
