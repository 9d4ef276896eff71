package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.constraint.MaxNormConstraint;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
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
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.StepSchedule;

/**
 * An update of the whole network through another orthonormal basis: with an updater that is linear in the gradient it must
 * be stock training, with all of the user's settings.
 */
class NetworkUpdateTest {

    private static final int STEPS = 8;

    @LowRank(update = "mirrored")
    private static MultiLayerNetwork mirrored(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(update = "mirrored")
    private static ComputationGraph mirrored(ComputationGraphConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    private record Settings(String name, UnaryOperator<NeuralNetConfiguration.Builder> with) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Arguments> settingsAndUpdaters() {
        return Stream.of(
                        new Settings("plain", settings -> settings),
                        new Settings(
                                "l1 and l2",
                                settings ->
                                        settings.l1(0.01).l2(0.02).l1Bias(0.03).l2Bias(0.04)),
                        new Settings("weight decay", settings -> settings.weightDecay(0.05)),
                        new Settings("weight decay of its own", settings -> settings.weightDecay(0.05, false)),
                        new Settings(
                                "clipped",
                                settings -> settings.gradientNormalization(GradientNormalization.ClipL2PerLayer)
                                        .gradientNormalizationThreshold(0.3)),
                        new Settings(
                                "max-norm", settings -> settings.constrainAllParameters(new MaxNormConstraint(0.1, 1))),
                        new Settings("dropout", settings -> settings.dropOut(0.7)),
                        new Settings("no minibatch division", settings -> settings.miniBatch(false)))
                .flatMap(settings -> Stream.<IUpdater>of(
                                new Sgd(0.1),
                                new Nesterovs(new StepSchedule(ScheduleType.ITERATION, 0.05, 0.5, 3), 0.9))
                        .map(updater -> Arguments.of(settings, updater)));
    }

    private static DataSet batch(int seed) {
        return Data.classes(seed, DataType.DOUBLE, 5 + seed, Nets.INPUTS, Nets.CLASSES);
    }

    @ParameterizedTest
    @MethodSource("settingsAndUpdaters")
    void anotherBasisIsStockTraining(Settings settings, IUpdater updater) {
        MultiLayerNetwork moved =
                mirrored(Nets.layers(settings.with().apply(Nets.settings(DataType.DOUBLE, updater.clone()))));
        MultiLayerNetwork stock =
                Nets.initialised(Nets.layers(settings.with().apply(Nets.settings(DataType.DOUBLE, updater.clone()))));
        INDArray before = stock.params().dup();
        for (MultiLayerNetwork network : new MultiLayerNetwork[] {moved, stock}) {
            Nd4j.getRandom().setSeed(99);
            for (int i = 0; i < STEPS; i++) {
                network.fit(batch(i));
            }
        }
        Nets.assertMoved(before, stock.params(), "the stock network");
        Nets.assertClose(stock.params(), moved.params(), 1e-12, "the network in another basis");
        assertEquals(stock.score(), moved.score(), 1e-12, "the score");
        assertEquals(
                before.length(), AdapterFile.tensors(moved).get("network/z").length(), "numbers");
    }

    @Test
    void inAGraph() {
        ComputationGraph moved = mirrored(Nets.graph(Nets.settings(DataType.DOUBLE, new Nesterovs(0.1, 0.9))));
        ComputationGraph stock = Nets.initialised(Nets.graph(Nets.settings(DataType.DOUBLE, new Nesterovs(0.1, 0.9))));
        for (int i = 0; i < STEPS; i++) {
            moved.fit(batch(i));
            stock.fit(batch(i));
        }
        Nets.assertClose(stock.params(), moved.params(), 1e-12, "the graph in another basis");
    }

    /** Convolutions, gains and the statistics of batch normalisation: the last are outside of the basis. */
    @Test
    void everyKindOfParameter() {
        MultiLayerNetwork moved = mirrored(images());
        MultiLayerNetwork stock = Nets.initialised(images());
        INDArray statistic = stock.getParam("1_log10stdev").dup();
        for (int i = 0; i < STEPS; i++) {
            DataSet data = new DataSet(
                    Data.normal(i, DataType.DOUBLE, 4, 1, 6, 6), Data.oneHot(i, DataType.DOUBLE, 4, Nets.CLASSES));
            moved.fit(data);
            stock.fit(data);
        }
        Nets.assertMoved(statistic, stock.getParam("1_log10stdev"), "the statistic");
        Nets.assertClose(stock.params(), moved.params(), 1e-11, "the convolutional network");
        assertEquals(
                stock.numParams() - 6,
                AdapterFile.tensors(moved).get("network/z").length(),
                "all but statistics");
    }

    private static MultiLayerConfiguration images() {
        return Nets.settings(DataType.DOUBLE, new Sgd(0.1))
                .weightDecay(0.01)
                .list()
                .layer(new ConvolutionLayer.Builder(3, 3)
                        .nOut(3)
                        .activation(Activation.RELU)
                        .build())
                .layer(new BatchNormalization.Builder().build())
                .layer(new DenseLayer.Builder()
                        .nOut(5)
                        .hasLayerNorm(true)
                        .activation(Activation.TANH)
                        .build())
                .layer(Nets.dense(0, 5))
                .layer(Nets.head(5))
                .setInputType(InputType.convolutional(6, 6, 1))
                .build();
    }

    @Test
    void aChangedRateKeepsTheUpdatersState() {
        MultiLayerNetwork moved = mirrored(Nets.layers(Nets.settings(DataType.DOUBLE, new Nesterovs(0.1, 0.9))));
        MultiLayerNetwork stock =
                Nets.initialised(Nets.layers(Nets.settings(DataType.DOUBLE, new Nesterovs(0.1, 0.9))));
        for (int i = 0; i < STEPS; i++) {
            if (i == 4) {
                moved.setLearningRate(0.02);
                stock.setLearningRate(0.02);
            }
            moved.fit(batch(i));
            stock.fit(batch(i));
        }
        Nets.assertClose(stock.params(), moved.params(), 1e-12, "the network after the change");
    }
}
