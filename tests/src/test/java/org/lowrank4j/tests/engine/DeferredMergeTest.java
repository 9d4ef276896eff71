package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.deeplearning4j.optimize.listeners.ScoreIterationListener;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;

/**
 * While fit works through an iterator, W may lag behind its adapter; a network trains as if it did not, and nobody who asks
 * sees it.
 */
class DeferredMergeTest {

    private static final int STEPS = 6;
    private static final double TOLERANCE = 1e-12;

    @LowRank(rank = 2, bias = "all", options = "lora.merge=fit")
    private static MultiLayerNetwork atTheEnd(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, bias = "all", options = "lora.merge=step")
    private static MultiLayerNetwork inEveryStep(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, bias = "all")
    private static MultiLayerNetwork byCost(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, init = "pissa", options = "lora.merge=fit")
    private static MultiLayerNetwork pissaAtTheEnd(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, init = "pissa", options = "lora.merge=step")
    private static MultiLayerNetwork pissaInEveryStep(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, options = "lora.merge=fit")
    private static ComputationGraph graphAtTheEnd() {
        return Nets.initialised(Nets.graph(Nets.settings(DataType.DOUBLE, new Adam(0.01))));
    }

    @LowRank(rank = 2, options = "lora.merge=step")
    private static ComputationGraph graphInEveryStep() {
        return Nets.initialised(Nets.graph(Nets.settings(DataType.DOUBLE, new Adam(0.01))));
    }

    private static MultiLayerConfiguration layers() {
        return Nets.layers(Nets.settings(DataType.DOUBLE, new Adam(0.01)).l2(0.01));
    }

    private static List<DataSet> batches(DataType type, int... sizes) {
        return IntStream.range(0, sizes.length)
                .mapToObj(i -> Data.classes(100 + 2L * i, type, sizes[i], Nets.INPUTS, Nets.CLASSES))
                .toList();
    }

    private static List<DataSet> batches() {
        return batches(DataType.DOUBLE, 9, 9, 1, 70, 20, 3);
    }

    /** An array of the same memory, as a program may have kept it: reading it asks nobody. */
    private static INDArray keptView(Model network, String parameter) {
        return network.getParam(parameter);
    }

    private static void fit(Model network, List<DataSet> batches, IntConsumer before) {
        ((NeuralNetwork) network).fit(new SeenBatches(batches, before));
    }

    /** Copies of a kept view of W before each step and after fit. */
    private static List<INDArray> history(Model network, String parameter, List<DataSet> batches) {
        INDArray view = keptView(network, parameter);
        List<INDArray> seen = new ArrayList<>();
        fit(network, batches, taken -> seen.add(view.dup()));
        seen.add(view.dup());
        return seen;
    }

    private static int moves(List<INDArray> history) {
        return (int) IntStream.range(1, history.size())
                .filter(i -> !history.get(i).equalsWithEps(history.get(i - 1), 0))
                .count();
    }

    @Test
    void wLagsBehindUntilTheEndOfFit() {
        MultiLayerNetwork network = atTheEnd(layers());
        List<INDArray> history = history(network, "1_W", batches());
        assertEquals(STEPS + 2, history.size());
        for (int i = 0; i <= STEPS; i++) {
            Nets.assertSame(history.get(0), history.get(i), "W before step " + i);
        }
        Nets.assertMoved(history.get(0), history.get(STEPS + 1), "W after fit");
        assertEquals(STEPS, moves(history(inEveryStep(layers()), "1_W", batches())));
    }

    @Test
    void smallWeightsMoveInEveryStep() {
        assertEquals(STEPS, moves(history(byCost(layers()), "1_W", batches())));
    }

    private record Pair(String name, Model deferred, Model eager, List<DataSet> batches, double tolerance) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Pair pair(
            String name, Function<MultiLayerConfiguration, MultiLayerNetwork> deferred, MultiLayerConfiguration conf) {
        boolean pissa = name.contains("pissa");
        return new Pair(
                name,
                deferred.apply(conf),
                pissa ? pissaInEveryStep(conf.clone()) : inEveryStep(conf.clone()),
                batches(),
                TOLERANCE);
    }

    static Stream<Pair> pairs() {
        MultiLayerConfiguration dropout = Nets.layers(
                Nets.settings(DataType.DOUBLE, new Adam(0.01)).dropOut(0.7).weightDecay(0.01));
        MultiLayerConfiguration normalised = Nets.settings(DataType.DOUBLE, new Adam(0.01))
                .list()
                .layer(new DenseLayer.Builder()
                        .nIn(Nets.INPUTS)
                        .nOut(Nets.HIDDEN)
                        .activation(Activation.RELU)
                        .hasLayerNorm(true)
                        .build())
                .layer(Nets.dense(Nets.HIDDEN, Nets.HIDDEN))
                .layer(Nets.head(Nets.HIDDEN))
                .build();
        MultiLayerConfiguration oneWide = Nets.settings(DataType.DOUBLE, new Adam(0.01))
                .list()
                .layer(Nets.dense(Nets.INPUTS, 2))
                .layer(Nets.dense(2, Nets.HIDDEN))
                .layer(Nets.head(Nets.HIDDEN))
                .build();
        MultiLayerConfiguration single = Nets.layers(Nets.settings(DataType.FLOAT, new Adam(0.01)));
        return Stream.of(
                pair("plain", DeferredMergeTest::atTheEnd, layers()),
                pair("pissa", DeferredMergeTest::pissaAtTheEnd, layers()),
                pair("dropout", DeferredMergeTest::atTheEnd, dropout),
                pair("layer normalisation", DeferredMergeTest::atTheEnd, normalised),
                pair("narrow", DeferredMergeTest::atTheEnd, oneWide),
                new Pair("graph", graphAtTheEnd(), graphInEveryStep(), batches(), TOLERANCE),
                new Pair(
                        "float",
                        atTheEnd(single),
                        inEveryStep(single.clone()),
                        batches(DataType.FLOAT, 9, 9, 1, 70, 20, 3),
                        2e-5));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void trainsAsInEveryStep(Pair pair) {
        for (int epoch = 0; epoch < 3; epoch++) {
            Nd4j.getRandom().setSeed(7 + epoch);
            fit(pair.deferred(), pair.batches(), taken -> {});
            Nd4j.getRandom().setSeed(7 + epoch);
            fit(pair.eager(), pair.batches(), taken -> {});
            Nets.assertClose(pair.eager().params(), pair.deferred().params(), pair.tolerance(), "parameters");
            assertEquals(pair.eager().score(), pair.deferred().score(), 100 * pair.tolerance(), "score");
        }
    }

    @ParameterizedTest
    @EnumSource(WorkspaceMode.class)
    void workspacesDoNotMatter(WorkspaceMode mode) {
        MultiLayerNetwork network = atTheEnd(Nets.layers(
                Nets.settings(DataType.DOUBLE, new Adam(0.01)).l2(0.01).trainingWorkspaceMode(mode)));
        MultiLayerNetwork eager = inEveryStep(layers());
        fit(network, batches(), taken -> {});
        fit(eager, batches(), taken -> {});
        Nets.assertClose(eager.params(), network.params(), TOLERANCE, "parameters");
    }

    static Stream<Function<MultiLayerNetwork, INDArray>> readers() {
        INDArray x = Data.normal(3, DataType.DOUBLE, 4, Nets.INPUTS);
        return Stream.of(
                network -> network.params().dup(),
                network -> network.getParam("1_W").dup(),
                network -> network.paramTable().get("1_W").dup(),
                network -> network.getLayer(1).getParam("W").dup(),
                network -> network.getLayer(1).params().dup(),
                network -> network.getLayer(1).paramTable().get("W").dup(),
                network -> network.output(x).dup(),
                network -> network.clone().params().dup(),
                network -> Nd4j.scalar(network.score(batches().get(0))));
    }

    @ParameterizedTest
    @MethodSource("readers")
    void whoeverAsksDuringFitSeesTheEffectiveWeights(Function<MultiLayerNetwork, INDArray> reader) {
        List<List<INDArray>> read = new ArrayList<>();
        for (MultiLayerNetwork network : List.of(atTheEnd(layers()), inEveryStep(layers()))) {
            List<INDArray> seen = new ArrayList<>();
            fit(network, batches(), taken -> seen.add(reader.apply(network)));
            read.add(seen);
        }
        for (int i = 0; i <= STEPS; i++) {
            Nets.assertClose(read.get(1).get(i), read.get(0).get(i), TOLERANCE, "read before step " + i);
        }
        Nets.assertMoved(read.get(0).get(1), read.get(0).get(STEPS), "what was read");
    }

    @Test
    void parametersSetDuringFitStay() {
        INDArray given = atTheEnd(layers()).params().dup();
        List<INDArray> after = new ArrayList<>();
        for (MultiLayerNetwork network : List.of(atTheEnd(layers()), inEveryStep(layers()))) {
            fit(network, batches(), taken -> {
                if (taken == 3) {
                    network.setParams(given);
                } else if (taken == 5) {
                    network.getLayer(1)
                            .setParam(
                                    "W",
                                    given.get(NDArrayIndex.interval(56, 112)).reshape('f', 8, 7));
                }
            });
            after.add(network.params().dup());
        }
        Nets.assertClose(after.get(1), after.get(0), TOLERANCE, "parameters");
    }

    @Test
    void anotherThreadSeesTheEffectiveWeightsAndFromThenOnEveryStep() {
        MultiLayerNetwork network = atTheEnd(layers());
        MultiLayerNetwork eager = inEveryStep(layers());
        AtomicReference<INDArray> seen = new AtomicReference<>();
        INDArray view = keptView(network, "0_W");
        List<INDArray> history = new ArrayList<>();
        fit(network, batches(), taken -> {
            if (taken == 3) {
                run(() -> seen.set(network.getParam("0_W").dup()));
            }
            history.add(view.dup());
        });
        history.add(view.dup());
        List<INDArray> expected = history(eager, "0_W", batches());
        Nets.assertClose(expected.get(3), seen.get(), TOLERANCE, "W as another thread read it");
        Nets.assertSame(history.get(0), history.get(2), "W before anybody looked");
        for (int i = 3; i < history.size(); i++) {
            Nets.assertClose(expected.get(i), history.get(i), TOLERANCE, "W before step " + i);
        }
    }

    private static void run(Runnable task) {
        Thread thread = new Thread(task, "reader");
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    /** The program's own: it may have kept anything. */
    private static final class OwnListener extends BaseTrainingListener {
        private final List<INDArray> seen = new ArrayList<>();
        private final INDArray view;

        OwnListener(INDArray view) {
            this.view = view;
        }

        @Override
        public void iterationDone(Model model, int iteration, int epoch) {
            seen.add(view.dup());
        }
    }

    @Test
    void listenersOfTheProgramSeeEveryStep() {
        MultiLayerNetwork network = atTheEnd(layers());
        OwnListener listener = new OwnListener(keptView(network, "1_W"));
        network.setListeners(listener);
        fit(network, batches(), taken -> {});
        List<INDArray> expected = history(inEveryStep(layers()), "1_W", batches());
        for (int i = 0; i < STEPS; i++) {
            Nets.assertSame(expected.get(i + 1), listener.seen.get(i), "W after step " + i);
        }
    }

    @Test
    void listenersOfDl4jDoNotMakeWMove() {
        MultiLayerNetwork network = atTheEnd(layers());
        TrainingListener listener = new ScoreIterationListener(1);
        network.setListeners(listener);
        assertEquals(1, moves(history(network, "1_W", batches())));
    }

    @Test
    void fitOfASingleMinibatchMovesW() {
        MultiLayerNetwork network = atTheEnd(layers());
        INDArray view = keptView(network, "1_W");
        network.fit(batches().get(0));
        INDArray before = view.dup();
        network.fit(batches().get(1));
        Nets.assertMoved(before, view, "W");
    }

    @Test
    void stepsThatDoNotCountChangeNothing() {
        List<DataSet> batches = new ArrayList<>(batches());
        DataSet broken = batches.get(2).copy();
        broken.getFeatures().putScalar(0, Double.NaN);
        batches.add(3, broken);
        MultiLayerNetwork network = atTheEnd(layers());
        MultiLayerNetwork eager = inEveryStep(layers());
        fit(network, batches, taken -> {});
        fit(eager, batches, taken -> {});
        Nets.assertClose(eager.params(), network.params(), TOLERANCE, "parameters");
    }

    @Test
    void afterAFitThatFailedWIsTheEffectiveWeight() {
        MultiLayerNetwork network = atTheEnd(layers());
        INDArray view = keptView(network, "1_W");
        IntConsumer failing = taken -> {
            if (taken == 4) {
                throw new IllegalArgumentException("no more");
            }
        };
        assertThrows(IllegalArgumentException.class, () -> fit(network, batches(), failing));
        INDArray left = view.dup();
        List<INDArray> expected = history(inEveryStep(layers()), "1_W", batches());
        Nets.assertClose(expected.get(4), left, TOLERANCE, "W after four steps");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void atRateZeroNoBitMoves(boolean single) {
        DataType type = single ? DataType.FLOAT : DataType.DOUBLE;
        MultiLayerNetwork network = atTheEnd(Nets.layers(Nets.settings(type, new Adam(0.01))));
        List<DataSet> batches = batches(type, 9, 1, 4);
        fit(network, batches, taken -> {});
        network.setLearningRate(0);
        INDArray before = network.params().dup();
        INDArray output = network.output(batches.get(0).getFeatures()).dup();
        fit(network, batches, taken -> {});
        Nets.assertSame(before, network.params(), "parameters");
        Nets.assertSame(output, network.output(batches.get(0).getFeatures()), "output");
    }

    @Test
    void resumedTrainingIsTheSameBitForBit(@TempDir Path folder) throws IOException {
        File file = folder.resolve("model.zip").toFile();
        MultiLayerNetwork through = atTheEnd(layers());
        fit(through, batches(), taken -> {});
        through.save(file, true);
        fit(through, batches(), taken -> {});
        MultiLayerNetwork resumed = restored(file);
        fit(resumed, batches(), taken -> {});
        Nets.assertSame(through.params(), resumed.params(), "parameters");
    }

    @LowRank(rank = 2, bias = "all", options = "lora.merge=fit")
    private static MultiLayerNetwork restored(File file) throws IOException {
        return MultiLayerNetwork.load(file, true);
    }

    @Test
    void aModelSavedDuringFitIsWhole(@TempDir Path folder) throws IOException {
        MultiLayerNetwork network = atTheEnd(layers());
        File file = folder.resolve("model.zip").toFile();
        List<INDArray> at = new ArrayList<>();
        fit(network, batches(), taken -> {
            if (taken == 4) {
                save(network, file);
                at.add(network.params().dup());
            }
        });
        MultiLayerNetwork loaded = restored(file);
        Nets.assertSame(at.get(0), loaded.params(), "saved parameters");
        fit(loaded, batches().subList(4, STEPS), taken -> {});
        Nets.assertSame(network.params(), loaded.params(), "parameters after going on");
    }

    private static void save(MultiLayerNetwork network, File file) {
        try {
            network.save(file, true);
        } catch (IOException failed) {
            throw new java.io.UncheckedIOException(failed);
        }
    }

    @Test
    void anUnknownMomentIsRefused() {
        MultiLayerNetwork network = unknown(layers());
        Exception refused =
                assertThrows(Exception.class, () -> network.fit(batches().get(0)));
        assertTrue(refused.getMessage().contains("lora.merge=never"), refused.getMessage());
    }

    @LowRank(rank = 2, options = "lora.merge=never")
    private static MultiLayerNetwork unknown(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }
}
