package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.OptimizationAlgorithm;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.stepfunctions.NegativeDefaultStepFunction;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.solvers.accumulation.BasicGradientsAccumulator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;

/** What cannot be adapted trains exactly as without a rule, and one line says why. */
class UnsupportedRunsAsStockTest {

    private static final int STEPS = 5;

    @LowRank(rank = 2)
    private static MultiLayerNetwork lora(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    private record Case(
            String name, Supplier<MultiLayerConfiguration> configuration, Consumer<MultiLayerNetwork> training) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static NeuralNetConfiguration.Builder settings() {
        return Nets.settings(DataType.FLOAT, new Adam(0.01));
    }

    private static DataSet batch(int i) {
        return Data.classes(i, DataType.FLOAT, 8, Nets.INPUTS, Nets.CLASSES);
    }

    private static void fit(MultiLayerNetwork network) {
        for (int i = 0; i < STEPS; i++) {
            network.fit(batch(i));
        }
    }

    /** The program computes gradients, asks the updater for steps and subtracts them itself. */
    private static void applyByHand(MultiLayerNetwork network) {
        for (int i = 0; i < STEPS; i++) {
            DataSet data = batch(i);
            network.setInput(data.getFeatures());
            network.setLabels(data.getLabels());
            network.computeGradientAndScore();
            Gradient gradient = network.gradient();
            network.getUpdater().update(network, gradient, i, 0, 8, LayerWorkspaceMgr.noWorkspaces());
            network.params().subi(gradient.gradient().reshape(network.params().shape()));
        }
    }

    /** The error signal comes from outside of the network. */
    private static void externalErrors(MultiLayerNetwork network) {
        for (int i = 0; i < STEPS; i++) {
            DataSet data = batch(i);
            network.setInput(data.getFeatures());
            network.feedForward(true, false);
            INDArray error = Data.normal(70 + i, DataType.FLOAT, 8, 5);
            Gradient gradient = network.backpropGradient(error, LayerWorkspaceMgr.noWorkspaces())
                    .getFirst();
            network.getUpdater().update(network, gradient, i, 0, 8, LayerWorkspaceMgr.noWorkspaces());
            network.params().subi(gradient.gradient().reshape(network.params().shape()));
        }
    }

    private static MultiLayerConfiguration withoutOutputLayer() {
        return settings()
                .list()
                .layer(Nets.dense(Nets.INPUTS, 5))
                .layer(Nets.dense(5, 5))
                .build();
    }

    private static void shareGradients(MultiLayerNetwork network) {
        network.setGradientsAccumulator(new BasicGradientsAccumulator(1));
        fit(network);
    }

    static Stream<Case> cases() {
        return Stream.of(
                new Case(
                        "LBFGS",
                        () -> Nets.layers(settings().optimizationAlgo(OptimizationAlgorithm.LBFGS)),
                        UnsupportedRunsAsStockTest::fit),
                new Case(
                        "conjugate gradient",
                        () -> Nets.layers(settings().optimizationAlgo(OptimizationAlgorithm.CONJUGATE_GRADIENT)),
                        UnsupportedRunsAsStockTest::fit),
                new Case(
                        "another step function",
                        () -> Nets.layers(settings().stepFunction(new NegativeDefaultStepFunction())),
                        UnsupportedRunsAsStockTest::fit),
                new Case(
                        "gradients applied by hand",
                        () -> Nets.layers(settings()),
                        UnsupportedRunsAsStockTest::applyByHand),
                new Case(
                        "external errors",
                        UnsupportedRunsAsStockTest::withoutOutputLayer,
                        UnsupportedRunsAsStockTest::externalErrors),
                new Case("shared gradients", () -> Nets.layers(settings()), UnsupportedRunsAsStockTest::shareGradients),
                new Case(
                        "half precision",
                        () -> Nets.layers(Nets.settings(DataType.HALF, new Sgd(0.01))),
                        UnsupportedRunsAsStockTest::fit));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void trainsAsStockAndSaysSo(Case one) {
        MultiLayerNetwork stock = Nets.initialised(one.configuration().get());
        INDArray before = stock.params().dup();
        Nd4j.getRandom().setSeed(11);
        one.training().accept(stock);
        List<String> said = CapturedErrors.of(() -> {
            MultiLayerNetwork ruled = lora(one.configuration().get());
            Nets.assertSame(before, ruled.params(), "the start");
            Nd4j.getRandom().setSeed(11);
            one.training().accept(ruled);
            Nets.assertSame(stock.params(), ruled.params(), one.name());
        });
        Nets.assertMoved(before, stock.params(), "the stock network");
        assertEquals(1, CapturedErrors.containing(said, "trains as stock").size(), said::toString);
    }

    /** A network that was adapted first keeps what it learned when the program takes over. */
    @Test
    void takingOverLaterGoesOnFromTheEffectiveWeights() {
        MultiLayerNetwork network = lora(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
        fit(network);
        MultiLayerNetwork stock = Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
        stock.params().assign(network.params());
        List<String> said = CapturedErrors.of(() -> {
            applyByHand(network);
            fit(network);
        });
        applyByHand(stock);
        fit(stock);
        Nets.assertSame(stock.params(), network.params(), "after the program took over");
        assertEquals(1, CapturedErrors.containing(said, "trains as stock").size(), said::toString);
    }

    @Test
    void sharingGradientsLaterGoesOnFromTheEffectiveWeights() {
        MultiLayerNetwork network = lora(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
        fit(network);
        MultiLayerNetwork stock = Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
        stock.params().assign(network.params());
        List<String> said = CapturedErrors.of(() -> shareGradients(network));
        shareGradients(stock);
        Nets.assertSame(stock.params(), network.params(), "after gradients were shared");
        assertEquals(1, CapturedErrors.containing(said, "trains as stock").size(), said::toString);
    }

    @Test
    void aDenseLayerWithNoiseThatIsNoTargetTrains() {
        MultiLayerNetwork network = firstLayerOnly(settings()
                .list()
                .layer(Nets.dense(Nets.INPUTS, 5))
                .layer(new DenseLayer.Builder()
                        .nIn(5)
                        .nOut(5)
                        .weightNoise(new DropConnect(0.8))
                        .build())
                .layer(Nets.head(5))
                .build());
        INDArray frozen = network.getParam("1_W").dup();
        INDArray adapted = network.getParam("0_W").dup();
        List<String> said = CapturedErrors.of(() -> fit(network));
        assertEquals(0, CapturedErrors.containing(said, "trains as stock").size(), said::toString);
        Nets.assertSame(frozen, network.getParam("1_W"), "the frozen layer with noise");
        Nets.assertMoved(adapted, network.getParam("0_W"), "the target");
    }

    @LowRank(rank = 2, layers = "0")
    private static MultiLayerNetwork firstLayerOnly(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }
}
