package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.EarlyStoppingResult;
import org.deeplearning4j.earlystopping.saver.InMemoryModelSaver;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.earlystopping.termination.MaxEpochsTerminationCondition;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.deeplearning4j.nn.updater.graph.ComputationGraphUpdater;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.solvers.accumulation.EncodedGradientsAccumulator;
import org.deeplearning4j.optimize.solvers.accumulation.EncodingHandler;
import org.deeplearning4j.optimize.solvers.accumulation.encoding.threshold.FixedThresholdAlgorithm;
import org.deeplearning4j.parallelism.EarlyStoppingParallelTrainer;
import org.deeplearning4j.parallelism.ParallelInference;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.deeplearning4j.parallelism.ParallelWrapper.TrainingMode;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

/** ParallelWrapper trains a network with a rule as it trains one without, and never waits for ever. */
class ParallelWrapperTest {

    private static final int WORKERS = 2;
    private static final int FITS = Integer.getInteger("robustness.fits", 2);
    private static final double THRESHOLD = 1e-3;

    @LowRank(rank = 2)
    private static Model ruled(boolean graph) {
        return stock(graph);
    }

    private static Model stock(boolean graph) {
        NeuralNetConfiguration.Builder settings = Nets.settings(DataType.FLOAT, new Adam(0.01));
        return graph ? Nets.initialised(Nets.graph(settings)) : Nets.initialised(Nets.layers(settings));
    }

    static Stream<Arguments> modes() {
        return Stream.of(TrainingMode.values())
                .flatMap(mode -> Stream.of(false, true).map(graph -> Arguments.of(mode, graph)));
    }

    private static ParallelWrapper wrapper(Model model, TrainingMode mode) {
        ParallelWrapper.Builder<?> builder = new ParallelWrapper.Builder<>(model)
                .workers(WORKERS)
                .prefetchBuffer(0)
                .averagingFrequency(1)
                .trainingMode(mode)
                .thresholdAlgorithm(new FixedThresholdAlgorithm(THRESHOLD));
        if (mode == TrainingMode.CUSTOM) {
            int size = (int) model.numParams();
            builder.gradientsAccumulator(new EncodedGradientsAccumulator(
                    WORKERS,
                    new EncodingHandler(new FixedThresholdAlgorithm(THRESHOLD), null, size, false),
                    10L * size * Float.BYTES,
                    WORKERS + 2,
                    Integer.MAX_VALUE,
                    false));
        }
        return builder.build();
    }

    private static DataSet batch(int i) {
        return Data.classes(i, DataType.FLOAT, 8, Nets.INPUTS, Nets.CLASSES);
    }

    private static List<DataSet> batches() {
        List<DataSet> batches = new ArrayList<>();
        for (int i = 0; i < 3 * WORKERS; i++) {
            batches.add(batch(i));
        }
        return batches;
    }

    /**
     * The first minibatch comes when all workers wait for one: stock copies a network to its workers while it trains it,
     * and what they get is a matter of chance.
     */
    private static final class LateBatches extends ListDataSetIterator<DataSet> {

        private boolean first = true;

        LateBatches(List<DataSet> batches) {
            super(batches, 1);
        }

        @Override
        public DataSet next() {
            while (first && waitingWorkers() < WORKERS) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
            }
            first = false;
            return super.next();
        }

        @Override
        public void reset() {
            first = true;
            super.reset();
        }

        @Override
        public boolean asyncSupported() {
            return false;
        }

        private static long waitingWorkers() {
            return workers()
                    .filter(worker -> Stream.of(worker.getStackTrace())
                            .anyMatch(frame -> frame.getMethodName().equals("poll")))
                    .count();
        }
    }

    private static Stream<Thread> workers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("ParallelWrapper training thread"));
    }

    /** The program's network is in its first step until the other worker has copied it, or waits for its lock. */
    private static final class SlowFirstStep extends BaseTrainingListener {

        private final Model first;

        SlowFirstStep(Model first) {
            this.first = first;
        }

        @Override
        public void onForwardPass(Model model, List<INDArray> activations) {
            pass(model);
        }

        @Override
        public void onForwardPass(Model model, Map<String, INDArray> activations) {
            pass(model);
        }

        private void pass(Model model) {
            while (model == first && !othersCameBy()) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
            }
        }

        private static boolean othersCameBy() {
            return workers()
                    .filter(worker -> worker != Thread.currentThread())
                    .allMatch(worker -> worker.getState() == Thread.State.BLOCKED
                            || Stream.of(worker.getStackTrace())
                                    .anyMatch(frame -> Set.of("poll", "fit").contains(frame.getMethodName())));
        }
    }

    private static void fit(Model model, TrainingMode mode) {
        wrapper(model, mode).fit(new LateBatches(batches()));
        if (model instanceof ComputationGraph graph) {
            // DL4J leaves it there, where the graph's next step would wait for the other worker.
            graph.setGradientsAccumulator(null);
        }
    }

    private static void fitAlone(Model model) {
        if (model instanceof ComputationGraph graph) {
            graph.fit(batch(20));
        } else {
            ((MultiLayerNetwork) model).fit(batch(20));
        }
    }

    private static Object updater(Model model) {
        return model instanceof ComputationGraph graph ? graph.getUpdater() : ((MultiLayerNetwork) model).getUpdater();
    }

    private static INDArray updaterState(Model model) {
        return model instanceof ComputationGraph graph
                ? graph.getUpdater().getStateViewArray()
                : ((MultiLayerNetwork) model).getUpdater().getStateViewArray();
    }

    private static void assertSaidOnce(List<String> said) {
        assertEquals(1, CapturedErrors.containing(said, "trains as stock").size(), said::toString);
    }

    @ParameterizedTest
    @MethodSource("modes")
    void trainsAsWithoutARule(TrainingMode mode, boolean graph, @TempDir Path directory) throws Exception {
        Model stock = stock(graph);
        INDArray before = stock.params().dup();
        fit(stock, mode);
        Model ruled = ruled(graph);
        assertSaidOnce(CapturedErrors.of(() -> {
            fit(ruled, mode);
            Nets.assertSame(stock.params(), ruled.params(), "parameters");
            // The program has its network back.
            fitAlone(ruled);
        }));
        fitAlone(stock);
        Nets.assertMoved(before, stock.params(), "the network");
        Nets.assertSame(stock.params(), ruled.params(), "parameters of the next fit");
        assertSame(
                graph ? ComputationGraphUpdater.class : MultiLayerUpdater.class,
                updater(ruled).getClass());
        Nets.assertSame(updaterState(stock), updaterState(ruled), "updater");
        assertEquals(entries(stock, directory), entries(ruled, directory));
    }

    private static List<String> entries(Model model, Path directory) throws Exception {
        File file = directory.resolve("model.zip").toFile();
        ModelSerializer.writeModel(model, file, true);
        try (ZipFile zip = new ZipFile(file)) {
            return zip.stream().map(Object::toString).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("modes")
    void whatWasAdaptedFirstGoesOnFromItsWeights(TrainingMode mode, boolean graph) {
        Model ruled = ruled(graph);
        fitAlone(ruled);
        Model stock = stock(graph);
        stock.setParams(ruled.params().dup());
        countSteps(stock, 1);
        fit(stock, mode);
        assertSaidOnce(CapturedErrors.of(() -> fit(ruled, mode)));
        Nets.assertSame(stock.params(), ruled.params(), "parameters");
    }

    @LowRank(rank = 2, layers = "*")
    private static Model refused(boolean graph) {
        return stock(graph);
    }

    /** Settings that cannot be had stop before the first step, as they do without workers. */
    @ParameterizedTest
    @MethodSource("modes")
    void refusedSettingsStopBeforeTheFirstStep(TrainingMode mode, boolean graph) {
        Model model = refused(graph);
        INDArray before = model.params().dup();
        LowRankException refused = assertThrows(LowRankException.class, () -> fit(model, mode));
        assertTrue(String.valueOf(refused.getMessage()).contains("'*'"), refused::getMessage);
        Nets.assertSame(before, model.params(), "parameters");
    }

    private static void countSteps(Model model, int steps) {
        if (model instanceof ComputationGraph graph) {
            graph.getConfiguration().setIterationCount(steps);
        } else {
            ((MultiLayerNetwork) model).getLayerWiseConfigurations().setIterationCount(steps);
        }
    }

    /** Nothing else of the updater's state is there than what the network was restored with. */
    @ParameterizedTest
    @MethodSource("modes")
    void goesOnWithTheUpdaterStateOfAFile(TrainingMode mode, boolean graph, @TempDir Path directory) throws Exception {
        Model saved = stock(graph);
        fitAlone(saved);
        File file = directory.resolve("base.zip").toFile();
        ModelSerializer.writeModel(saved, file, true);
        Model stock = restored(graph, file);
        fit(stock, mode);
        Model ruled = ruledRestored(graph, file);
        assertSaidOnce(CapturedErrors.of(() -> fit(ruled, mode)));
        Nets.assertSame(stock.params(), ruled.params(), "parameters");
    }

    @LowRank(rank = 2)
    private static Model ruledRestored(boolean graph, File file) throws Exception {
        return restored(graph, file);
    }

    private static Model restored(boolean graph, File file) throws Exception {
        return graph
                ? ModelSerializer.restoreComputationGraph(file, true)
                : ModelSerializer.restoreMultiLayerNetwork(file, true);
    }

    @ParameterizedTest
    @MethodSource("modes")
    @Tag("robustness")
    void neverWaitsForEver(TrainingMode mode, boolean graph) throws InterruptedException {
        for (int i = 0; i < FITS; i++) {
            Model model = ruled(graph);
            INDArray before = model.params().dup();
            ParallelWrapper wrapper = wrapper(model, mode);
            wrapper.setListeners(new SlowFirstStep(model));
            Thread fit = new Thread(() -> wrapper.fit(new ListDataSetIterator<>(batches(), 1)));
            fit.setDaemon(true);
            fit.start();
            fit.join(TimeUnit.MINUTES.toMillis(1));
            assertFalse(fit.isAlive(), "fit " + i + " waits");
            Nets.assertMoved(before, model.params(), "the network");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void earlyStoppingTrainsAsWithoutARule(boolean graph) {
        Model stock = stopEarly(stock(graph));
        Model[] ruled = new Model[1];
        assertSaidOnce(CapturedErrors.of(() -> ruled[0] = stopEarly(ruled(graph))));
        Nets.assertSame(stock.params(), ruled[0].params(), "the best model");
    }

    private static <T extends Model> T stopEarly(T model) {
        EarlyStoppingConfiguration<T> configuration = new EarlyStoppingConfiguration.Builder<T>()
                .epochTerminationConditions(new MaxEpochsTerminationCondition(2))
                .scoreCalculator(new DataSetLossCalculator(new ListDataSetIterator<>(batches(), 1), true))
                .modelSaver(new InMemoryModelSaver<>())
                .build();
        EarlyStoppingResult<T> result = new EarlyStoppingParallelTrainer<>(
                        configuration, model, new LateBatches(batches()), null, WORKERS, 0, 1)
                .fit();
        return result.getBestModel();
    }

    @Test
    void parallelInferencePredictsAsTheAdaptedNetworkAndLeavesItAdapted() {
        MultiLayerNetwork network = (MultiLayerNetwork) ruled(false);
        fitAlone(network);
        INDArray input = batch(9).getFeatures();
        INDArray expected = network.output(input).dup();
        List<String> said = CapturedErrors.of(() -> {
            ParallelInference inference =
                    new ParallelInference.Builder(network).workers(WORKERS).build();
            Nets.assertSame(expected, inference.output(input), "predictions");
            inference.shutdown();
            fitAlone(network);
        });
        assertEquals(0, CapturedErrors.containing(said, "trains as stock").size(), said::toString);
        assertEquals(2, network.getIterationCount());
    }
}
