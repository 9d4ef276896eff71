package org.lowrank4j.tests.engine;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;

/**
 * Twenty steps at rate 0 leave parameters and outputs as they were, bit for bit: adapters cost no precision.
 *
 * <p>Also with Adam, although ND4J's operation takes its epsilon for a rate of 0 and stock networks move a little.
 */
class LearningRateZeroTest {

    @LowRank(rank = 3, init = "kaiming", bias = "all")
    private static MultiLayerNetwork kaiming(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 3, init = "gaussian")
    private static MultiLayerNetwork gaussian(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 3, init = "lora-ga")
    private static MultiLayerNetwork loraGa(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(
            rank = 3,
            update = "switchlora",
            options = {"switchlora.interval=10", "switchlora.total-steps=100"})
    private static MultiLayerNetwork switchLora(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 3, gradient = "galore")
    private static MultiLayerNetwork galore(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    /** One of its tensors is called as the bias is. */
    @LowRank(rank = 3, update = "vera", bias = "all")
    private static MultiLayerNetwork vera(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    private record Start(String name, Function<MultiLayerConfiguration, MultiLayerNetwork> rule) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Arguments> cases() {
        List<Start> starts = List.of(
                new Start("kaiming", LearningRateZeroTest::kaiming),
                new Start("gaussian", LearningRateZeroTest::gaussian),
                new Start("lora-ga", LearningRateZeroTest::loraGa),
                new Start("switchlora", LearningRateZeroTest::switchLora),
                new Start("galore", LearningRateZeroTest::galore),
                new Start("vera", LearningRateZeroTest::vera));
        return starts.stream()
                .flatMap(start -> Stream.of(DataType.FLOAT, DataType.DOUBLE)
                        .flatMap(type -> Stream.<IUpdater>of(
                                        new Sgd(0), new Nesterovs(0, 0.9), new RmsProp(0), new Adam(0))
                                .map(updater -> Arguments.of(start, type, updater))));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void nothingMoves(Start start, DataType type, IUpdater updater) {
        MultiLayerNetwork network =
                start.rule().apply(Nets.layers(Nets.settings(type, updater).l2(0.1)));
        DataSet data = Data.classes(1, type, 9, Nets.INPUTS, Nets.CLASSES);
        if (start.name().equals("switchlora")) {
            // Its start adds s A B to W, as published; only the steps after it must leave W alone.
            network.fit(data);
        }
        INDArray parameters = network.params().dup();
        INDArray output = network.output(data.getFeatures()).dup();
        for (int i = 0; i < 20; i++) {
            network.fit(data);
        }
        Nets.assertSame(parameters, network.params(), "parameters");
        Nets.assertSame(output, network.output(data.getFeatures()), "output");
    }
}
