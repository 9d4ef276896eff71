package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.SingularValueDecomposition;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.EarlyStoppingResult;
import org.deeplearning4j.earlystopping.saver.InMemoryModelSaver;
import org.deeplearning4j.earlystopping.scorecalc.DataSetLossCalculator;
import org.deeplearning4j.earlystopping.termination.MaxEpochsTerminationCondition;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.constraint.MaxNormConstraint;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.solvers.accumulation.EncodedGradientsAccumulator;
import org.deeplearning4j.optimize.solvers.accumulation.EncodingHandler;
import org.deeplearning4j.optimize.solvers.accumulation.encoding.threshold.FixedThresholdAlgorithm;
import org.deeplearning4j.parallelism.EarlyStoppingParallelTrainer;
import org.deeplearning4j.parallelism.ParallelInference;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.deeplearning4j.parallelism.ParallelWrapper.TrainingMode;
import org.deeplearning4j.util.ModelSerializer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.iterator.DataSetIterator;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** ParallelWrapper trains replicas of a network with a rule, adapters and all, and never waits for ever. */
class ParallelWrapperTest {

    private static final int WORKERS = 2;
    private static final int ROUNDS = 6;
    private static final int FITS = Integer.getInteger("robustness.fits", 2);
    private static final int RANK = 2;
    private static final double THRESHOLD = 1e-3;
    private static final long TIMEOUT_SECONDS = 60;

    @LowRank(rank = RANK)
    private static Model ruled(boolean graph) {
        return stock(graph, new Adam(0.01));
    }

    private static Model ruled(boolean graph, IUpdater updater, Map<String, String> rule) {
        Map<String, String> arguments = new HashMap<>(rule);
        arguments.putIfAbsent("rank", String.valueOf(RANK));
        Model[] made = new Model[1];
        JvmRules.with(arguments, () -> made[0] = stock(graph, updater));
        return made[0];
    }

    private static Model stock(boolean graph, IUpdater updater) {
        NeuralNetConfiguration.Builder settings =
                Nets.settings(DataType.DOUBLE, updater).l2(1e-3);
        return graph ? Nets.initialised(Nets.graph(settings)) : Nets.initialised(Nets.layers(settings));
    }

    static Stream<Arguments> modes() {
        return Stream.of(TrainingMode.values())
                .flatMap(mode -> Stream.of(false, true).map(graph -> Arguments.of(mode, graph)));
    }

    private static ParallelWrapper wrapper(Model model, TrainingMode mode, int frequency) {
        ParallelWrapper.Builder<?> builder = new ParallelWrapper.Builder<>(model)
                .workers(WORKERS)
                .prefetchBuffer(0)
                .averagingFrequency(frequency)
                .trainingMode(mode)
                .thresholdAlgorithm(new FixedThresholdAlgorithm(THRESHOLD));
        if (mode == TrainingMode.CUSTOM) {
            int size = (int) model.numParams();
            builder.gradientsAccumulator(new EncodedGradientsAccumulator(
                    WORKERS,
                    new EncodingHandler(new FixedThresholdAlgorithm(THRESHOLD), null, size, false),
                    10L * size * Double.BYTES,
                    WORKERS + 2,
                    Integer.MAX_VALUE,
                    false));
        }
        return builder.build();
    }

    /** The second of a round is of another size. */
    private static DataSet batch(int i) {
        return Data.classes(i, DataType.DOUBLE, 8 - 3 * (i % WORKERS), Nets.INPUTS, Nets.CLASSES);
    }

    private static List<DataSet> batches(int from, boolean equal) {
        List<DataSet> batches = new ArrayList<>();
        for (int i = 0; i < ROUNDS * WORKERS; i++) {
            int seed = WORKERS * from + i;
            batches.add(equal ? Data.classes(seed, DataType.DOUBLE, 8, Nets.INPUTS, Nets.CLASSES) : batch(seed));
        }
        return batches;
    }

    private static List<DataSet> batches() {
        return batches(0, false);
    }

    /** What one machine learns from: the minibatches of each round together. */
    private static List<DataSet> together(List<DataSet> batches) {
        List<DataSet> global = new ArrayList<>();
        for (int i = 0; i < batches.size(); i += WORKERS) {
            global.add(DataSet.merge(batches.subList(i, i + WORKERS)));
        }
        return global;
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

    private static DataSetIterator iterator(List<DataSet> batches) {
        return new ListDataSetIterator<>(batches, 1);
    }

    private static void fit(Model model, TrainingMode mode) {
        wrapper(model, mode, 1).fit(iterator(batches()));
    }

    private static void fitAlone(Model model, DataSet batch) {
        if (model instanceof ComputationGraph graph) {
            graph.fit(batch);
        } else {
            ((MultiLayerNetwork) model).fit(batch);
        }
    }

    /** The state of the updater and the adapters, without the mark between them, which has a checksum. */
    private static INDArray learned(Model model) {
        INDArray state = (model instanceof ComputationGraph graph
                        ? graph.getUpdater().getStateViewArray()
                        : ((MultiLayerNetwork) model).getUpdater().getStateViewArray())
                .dup();
        long mark = 0;
        while (state.getDouble(mark) != 0x4c52) {
            mark++;
        }
        state.get(NDArrayIndex.interval(mark, mark + 3)).assign(0);
        return state;
    }

    private static double difference(INDArray one, INDArray other) {
        return one.sub(other).norm2Number().doubleValue() / other.norm2Number().doubleValue();
    }

    private static void assertEqual(INDArray expected, INDArray actual, String what) {
        double difference = difference(actual, expected);
        assertTrue(difference <= 1e-12, () -> what + " differs by " + difference);
    }

    /** The singular value after that many of the change of the second hidden layer, as a part of the first one. */
    private static double singularValue(int after, Model before, Model model) {
        INDArray change = weight(model).sub(weight(before));
        double[] values =
                new SingularValueDecomposition(new Array2DRowRealMatrix(change.toDoubleMatrix())).getSingularValues();
        return values[after] / values[0];
    }

    private static INDArray weight(Model model) {
        return model instanceof ComputationGraph graph
                ? graph.getLayer("second").getParam("W")
                : ((MultiLayerNetwork) model).getLayer(1).getParam("W");
    }

    private static void assertKeepsItsRank(Model before, Model model) {
        assertTrue(singularValue(RANK - 1, before, model) > 1e-6, "it has not moved in all of its directions");
        assertTrue(singularValue(RANK, before, model) < 1e-12, "the change is of a higher rank");
    }

    /** Options with which an exchange that compresses sends everything. */
    private static final Map<String, Map<String, String>> NOTHING_LEFT_OUT = Map.of(
            "powersgd",
            Map.of("powersgd.rank", "100", "powersgd.start", "2", "powersgd.least-ratio", "0.01"),
            "econtrol",
            Map.of("econtrol.keep", "1"));

    static Stream<Arguments> likeOneMachine() {
        return Stream.of(false, true)
                .flatMap(graph -> Stream.of(
                        Arguments.of("factors", TrainingMode.AVERAGING, new Sgd(0.2), graph),
                        Arguments.of("mean", TrainingMode.AVERAGING, new Adam(0.01), graph),
                        Arguments.of("mean", TrainingMode.SHARED_GRADIENTS, new Adam(0.01), graph),
                        Arguments.of("powersgd", TrainingMode.AVERAGING, new Adam(0.01), graph),
                        Arguments.of("econtrol", TrainingMode.SHARED_GRADIENTS, new Adam(0.01), graph)));
    }

    /** Also in the second fit, and when the program goes on alone. */
    @ParameterizedTest
    @MethodSource("likeOneMachine")
    void learnsAsOneMachineDoes(String exchange, TrainingMode mode, IUpdater updater, boolean graph) {
        boolean weighted = !exchange.equals("factors");
        Map<String, String> rule = new HashMap<>(Map.of("exchange", exchange, "bias", "all"));
        rule.putAll(NOTHING_LEFT_OUT.getOrDefault(exchange, Map.of()));
        Model one = ruled(graph, updater, rule);
        Model many = ruled(graph, updater, rule);
        Model before = stock(graph, updater);
        ParallelWrapper wrapper = wrapper(many, mode, 1);
        for (int fit = 0; fit < 2; fit++) {
            List<DataSet> batches = batches(fit * ROUNDS, !weighted);
            together(batches).forEach(batch -> fitAlone(one, batch));
            wrapper.fit(iterator(batches));
            Nets.assertMoved(before.params(), many.params(), "the network");
            assertEqual(one.params(), many.params(), "fit " + fit);
        }
        assertKeepsItsRank(before, many);
        fitAlone(one, batch(1000));
        fitAlone(many, batch(1000));
        assertEqual(one.params(), many.params(), "the program's own step");
        assertEqual(learned(one), learned(many), "what the updater and the adapters keep");
    }

    /** Each replica finds it for itself, from the same gradients. */
    @Test
    void whatAnUpdaterFindsForTheWholeNetworkIsTheSameInAllReplicas() {
        Map<String, String> rule = Map.of("exchange", "mean", "updater", "prodigy", "prodigy.first", "1e-3");
        Model one = ruled(false, new Sgd(1), rule);
        Model many = ruled(false, new Sgd(1), rule);
        List<DataSet> batches = batches(0, false);
        together(batches).forEach(batch -> fitAlone(one, batch));
        wrapper(many, TrainingMode.AVERAGING, 1).fit(iterator(batches));
        assertEqual(one.params(), many.params(), "parameters");
        assertEqual(learned(one), learned(many), "what the updater keeps");
    }

    /** Without minibatch=true, DL4J's gradients are sums. */
    @Test
    void sumsOverAllMinibatchesWhereTheNetworkSums() {
        Map<String, String> rule = Map.of("rank", "2", "exchange", "mean");
        List<Model> models = new ArrayList<>();
        JvmRules.with(rule, () -> {
            for (int i = 0; i < 2; i++) {
                models.add(Nets.initialised(Nets.layers(
                        Nets.settings(DataType.DOUBLE, new Sgd(0.02)).miniBatch(false))));
            }
        });
        together(batches()).forEach(batch -> fitAlone(models.get(0), batch));
        fit(models.get(1), TrainingMode.AVERAGING);
        assertEqual(models.get(0).params(), models.get(1).params(), "parameters");
    }

    /** What two copies learn alone on their shares of the minibatches. */
    private static List<MultiLayerNetwork> trainedAlone(IUpdater updater, List<DataSet> batches) {
        List<MultiLayerNetwork> alone = new ArrayList<>();
        for (int worker = 0; worker < WORKERS; worker++) {
            MultiLayerNetwork network = (MultiLayerNetwork) ruled(false, updater, Map.of());
            for (int i = worker; i < batches.size(); i += WORKERS) {
                network.fit(batches.get(i));
            }
            alone.add(network);
        }
        return alone;
    }

    @Test
    void exactIsTheMeanOfTheWeights() {
        List<MultiLayerNetwork> alone = trainedAlone(new Adam(0.01), batches());
        Model many = ruled(false, new Adam(0.01), Map.of("exchange", "exact"));
        wrapper(many, TrainingMode.AVERAGING, ROUNDS).fit(iterator(batches()));
        assertEqual(alone.get(0).params().add(alone.get(1).params()).divi(2), many.params(), "parameters");
        assertTrue(singularValue(RANK, stock(false, new Adam(0.01)), many) > 1e-8, "the base has not moved");
    }

    @Test
    void factorsAreAveragedAndTheUpdatersStatesWithThem() {
        List<MultiLayerNetwork> alone = trainedAlone(new Adam(0.01), batches());
        Model many = ruled(false, new Adam(0.01), Map.of());
        wrapper(many, TrainingMode.AVERAGING, ROUNDS).fit(iterator(batches()));
        assertEqual(
                learned(alone.get(0)).add(learned(alone.get(1))).divi(2),
                learned(many),
                "what the updaters and the adapters keep");
        assertKeepsItsRank(stock(false, new Adam(0.01)), many);
    }

    @ParameterizedTest
    @MethodSource("modes")
    void trainsAdaptersByDefaultAndGoesOn(TrainingMode mode, boolean graph, @TempDir Path directory) throws Exception {
        Model model = ruled(graph);
        Model before = stock(graph, new Adam(0.01));
        List<String> said = CapturedErrors.of(() -> {
            for (int i = 0; i < 2; i++) {
                wrapper(model, mode, 1).fit(iterator(batches(i * ROUNDS, true)));
            }
        });
        String exchange = mode == TrainingMode.AVERAGING ? "factors" : "encoded";
        assertEquals(
                1,
                CapturedErrors.containing(said, "2 replicas, exchange=" + exchange)
                        .size(),
                said::toString);
        assertEquals(1, CapturedErrors.containing(said, "adapters started").size(), said::toString);
        assertEquals(0, CapturedErrors.containing(said, "trains as stock").size(), said::toString);
        assertKeepsItsRank(before, model);
        File file = directory.resolve("model.zip").toFile();
        ModelSerializer.writeModel(model, file, true);
        try (ZipFile zip = new ZipFile(file)) {
            assertTrue(zip.stream().anyMatch(entry -> entry.getName().contains("lowrank")), "no adapters are saved");
        }
        fitAlone(model, batch(20));
        assertKeepsItsRank(before, model);
        assertEquals(2 * ROUNDS + 1, iterations(model));
    }

    private static int iterations(Model model) {
        return model instanceof ComputationGraph graph
                ? graph.getIterationCount()
                : ((MultiLayerNetwork) model).getIterationCount();
    }

    /** The hooks are there and have nothing to do. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void withoutARuleItAveragesAllParameters(boolean graph) {
        ruled(graph);
        List<DataSet> round = batches().subList(0, WORKERS);
        Model many = stock(graph, new Sgd(0.1));
        INDArray mean = Nd4j.create(DataType.DOUBLE, many.params().shape());
        for (DataSet batch : round) {
            Model one = stock(graph, new Sgd(0.1));
            fitAlone(one, batch);
            mean.addi(one.params());
        }
        wrapper(many, TrainingMode.AVERAGING, 1).fit(new LateBatches(round));
        Nets.assertSame(mean.divi(WORKERS), many.params(), "parameters");
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

    /** What a method says of the network is said for the network, and not for each of its replicas. */
    @ParameterizedTest
    @CsvSource({"exact,constraints on W of", "powersgd,compresses what workers send"})
    void saysOnceWhatHoldsForAllReplicas(String gradient, String words) {
        Model[] made = new Model[1];
        JvmRules.with(Map.of("rank", "2", "exchange", "mean", "gradient", gradient), () -> {
            NeuralNetConfiguration.Builder settings = Nets.settings(DataType.DOUBLE, new Adam(0.01));
            made[0] = Nets.initialised(Nets.layers(settings.constrainWeights(new MaxNormConstraint(1, 1))));
        });
        List<String> said = CapturedErrors.of(
                () -> fit(made[0], gradient.equals("exact") ? TrainingMode.AVERAGING : TrainingMode.SHARED_GRADIENTS));
        assertEquals(1, CapturedErrors.containing(said, words).size(), said::toString);
    }

    /** An accumulator that a program wrote. */
    private static final class OwnAccumulator extends EncodedGradientsAccumulator {

        private static final long serialVersionUID = 1L;

        private final CopyOnWriteArrayList<Long> lengths = new CopyOnWriteArrayList<>();

        OwnAccumulator(int size) {
            super(
                    WORKERS,
                    new EncodingHandler(new FixedThresholdAlgorithm(THRESHOLD), null, size, false),
                    10L * size * Double.BYTES,
                    WORKERS + 2,
                    Integer.MAX_VALUE,
                    false);
        }

        @Override
        public void storeUpdate(INDArray array, int iterationNumber, int epochNumber) {
            lengths.add(array.length());
            super.storeUpdate(array, iterationNumber, epochNumber);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theProgramsOwnAccumulatorGetsTheStepsOfWhatTrains(boolean graph) {
        Model model = ruled(graph);
        Model before = stock(graph, new Adam(0.01));
        OwnAccumulator own = new OwnAccumulator((int) model.numParams());
        new ParallelWrapper.Builder<>(model)
                .workers(WORKERS)
                .prefetchBuffer(0)
                .trainingMode(TrainingMode.CUSTOM)
                .gradientsAccumulator(own)
                .build()
                .fit(iterator(batches()));
        assertEquals(WORKERS * ROUNDS, own.lengths.size());
        assertEquals(1, Set.copyOf(own.lengths).size());
        assertTrue(own.lengths.get(0) < model.numParams(), () -> "it gets " + own.lengths);
        assertKeepsItsRank(before, model);
    }

    @Test
    void theProgramsOwnAccumulatorLeavesNoPlaceForGradients() {
        Model model = ruled(false, new Adam(0.01), Map.of("exchange", "mean"));
        ParallelWrapper wrapper = new ParallelWrapper.Builder<>(model)
                .workers(WORKERS)
                .trainingMode(TrainingMode.CUSTOM)
                .gradientsAccumulator(new OwnAccumulator((int) model.numParams()))
                .build();
        LowRankException refused = assertThrows(LowRankException.class, () -> wrapper.fit(iterator(batches())));
        assertTrue(String.valueOf(refused.getMessage()).contains("OwnAccumulator"), refused::getMessage);
    }

    static Stream<Arguments> refusals() {
        return Stream.of(
                Arguments.of(Map.of("exchange", "factor"), TrainingMode.AVERAGING, "Did you mean 'factors'?"),
                Arguments.of(Map.of("exchange", "encoded"), TrainingMode.AVERAGING, "TrainingMode.SHARED_GRADIENTS"),
                Arguments.of(Map.of("exchange", "exact"), TrainingMode.SHARED_GRADIENTS, "TrainingMode.AVERAGING"),
                Arguments.of(
                        Map.of("update", "switchlora"),
                        TrainingMode.AVERAGING,
                        "It goes with exchange=econtrol, flag, mean, powersgd."),
                Arguments.of(
                        Map.of("updater", "prodigy"),
                        TrainingMode.AVERAGING,
                        "It goes with exchange=econtrol, flag, mean, powersgd."),
                Arguments.of(Map.of("gradient", "galore"), TrainingMode.SHARED_GRADIENTS, "gradient=galore"),
                Arguments.of(
                        Map.of("gradient", "fira"),
                        TrainingMode.AVERAGING,
                        "It goes with exchange=econtrol, flag, mean, powersgd."),
                Arguments.of(
                        Map.of("exchange", "flag", "flag.dimensions", "0"),
                        TrainingMode.AVERAGING,
                        "flag.dimensions=0"),
                Arguments.of(Map.of("exchange", "flag", "powersgd.rank", "2"), TrainingMode.AVERAGING, "is not chosen"),
                Arguments.of(
                        Map.of("update", "dora", "exchange", "exact"),
                        TrainingMode.AVERAGING,
                        "econtrol, encoded, factors, flag, mean, powersgd"),
                Arguments.of(Map.of("layers", "*"), TrainingMode.AVERAGING, "'*'"));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void whatCannotBeHadStopsBeforeTheFirstStep(Map<String, String> rule, TrainingMode mode, String said) {
        Model model = ruled(false, new Adam(0.01), rule);
        INDArray before = model.params().dup();
        LowRankException refused = assertThrows(LowRankException.class, () -> fit(model, mode));
        assertTrue(String.valueOf(refused.getMessage()).contains(said), refused::getMessage);
        Nets.assertSame(before, model.params(), "parameters");
    }

    @ParameterizedTest
    @MethodSource("modes")
    @Tag("robustness")
    void neverWaitsForEver(TrainingMode mode, boolean graph) throws InterruptedException {
        for (int i = 0; i < FITS; i++) {
            Model model = ruled(graph);
            INDArray before = model.params().dup();
            ParallelWrapper wrapper = wrapper(model, mode, 1);
            wrapper.setListeners(new SlowFirstStep(model));
            ended(() -> wrapper.fit(iterator(batches())));
            Nets.assertMoved(before, model.params(), "the network");
        }
    }

    private static void waitForWorkers() {
        while (workers().findAny().isPresent()) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
    }

    /** What an action throws on a thread of its own; null if it ends without. */
    private static @Nullable Throwable ended(Runnable action) throws InterruptedException {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread thread = new Thread(() -> {
            try {
                action.run();
            } catch (Throwable failure) {
                thrown.set(failure);
            }
        });
        thread.setDaemon(true);
        thread.start();
        thread.join(TimeUnit.SECONDS.toMillis(TIMEOUT_SECONDS));
        assertFalse(thread.isAlive(), () -> "it waits: " + List.of(thread.getStackTrace()));
        return thrown.get();
    }

    /** Throws on one of the threads, in its second step. */
    private static final class Failing extends BaseTrainingListener {

        private final String thread;
        private final Throwable thrown;

        Failing(int worker, Throwable thrown) {
            thread = "ParallelWrapper training thread " + worker;
            this.thrown = thrown;
        }

        @Override
        public void onBackwardPass(Model model) {
            if (Thread.currentThread().getName().equals(thread) && iterations(model) == 1) {
                sneak(thrown);
            }
        }

        @SuppressWarnings("unchecked")
        private static <T extends Throwable> void sneak(Throwable thrown) throws T {
            throw (T) thrown;
        }
    }

    static Stream<Arguments> failures() {
        return modes().map(Arguments::get)
                .flatMap(mode -> Stream.of("", "mean", "flag", "powersgd", "econtrol")
                        .filter(exchange -> mode[0] != TrainingMode.CUSTOM || exchange.isEmpty())
                        .flatMap(exchange ->
                                Stream.of(0, 1).map(worker -> Arguments.of(mode[0], mode[1], exchange, worker))));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void aWorkerThatThrowsEndsTheFit(TrainingMode mode, boolean graph, String exchange, int worker)
            throws InterruptedException {
        for (Throwable thrown :
                List.of(new IllegalStateException("the user's"), new StackOverflowError("the user's"))) {
            Map<String, String> rule = exchange.isEmpty() ? Map.of() : Map.of("exchange", exchange);
            Model model = ruled(graph, new Adam(0.01), rule);
            ParallelWrapper wrapper = wrapper(model, mode, 1);
            wrapper.setListeners(new Failing(worker, thrown));
            Throwable ended = ended(() -> wrapper.fit(iterator(batches())));
            Throwable cause = ended;
            while (cause != null && cause != thrown) {
                cause = cause.getCause();
            }
            assertSame(thrown, cause, () -> "the fit ended with " + ended);
            assertNull(ended(ParallelWrapperTest::waitForWorkers));
            Model next = model;
            assertNull(ended(() -> fitAlone(next, batch(3))));
        }
    }

    /** Starts that learn from minibatches get the first ones of the iterator, once for all replicas. */
    @ParameterizedTest
    @ValueSource(strings = {"pissa", "eva", "lora-ga"})
    void startsOnceForAllReplicas(String init) {
        Map<String, String> rule = Map.of("exchange", "mean", "init", init);
        MultiLayerNetwork one = (MultiLayerNetwork) ruled(false, new Adam(0.01), rule);
        Model many = ruled(false, new Adam(0.01), rule);
        List<DataSet> batches = batches();
        wrapper(many, TrainingMode.AVERAGING, 1).fit(iterator(batches));
        Nets.assertMoved(stock(false, new Adam(0.01)).params(), many.params(), "the network");
        if (init.equals("pissa")) {
            together(batches).forEach(one::fit);
            assertEqual(one.params(), many.params(), "parameters");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void earlyStoppingKeepsTheAdapters(boolean graph) {
        Model model = ruled(graph);
        Model before = stock(graph, new Adam(0.01));
        Model best = stopEarly(model);
        assertKeepsItsRank(before, best);
        assertKeepsItsRank(before, model);
        INDArray reached = best.params().dup();
        fitAlone(best, batch(20));
        Nets.assertMoved(reached, best.params(), "the best model");
        assertKeepsItsRank(before, best);
    }

    private static <T extends Model> T stopEarly(T model) {
        EarlyStoppingConfiguration<T> configuration = new EarlyStoppingConfiguration.Builder<T>()
                .epochTerminationConditions(new MaxEpochsTerminationCondition(2))
                .scoreCalculator(new DataSetLossCalculator(iterator(batches()), true))
                .modelSaver(new InMemoryModelSaver<>())
                .build();
        EarlyStoppingResult<T> result = new EarlyStoppingParallelTrainer<>(
                        configuration, model, iterator(batches()), null, WORKERS, 0, 1)
                .fit();
        return result.getBestModel();
    }

    @Test
    void parallelInferencePredictsAsTheAdaptedNetworkAndLeavesItAdapted() {
        MultiLayerNetwork network = (MultiLayerNetwork) ruled(false);
        fitAlone(network, batch(20));
        INDArray input = batch(9).getFeatures();
        INDArray expected = network.output(input).dup();
        List<String> said = CapturedErrors.of(() -> {
            ParallelInference inference =
                    new ParallelInference.Builder(network).workers(WORKERS).build();
            Nets.assertSame(expected, inference.output(input), "predictions");
            inference.shutdown();
            fitAlone(network, batch(20));
        });
        assertEquals(0, CapturedErrors.containing(said, "trains as stock").size(), said::toString);
        assertEquals(2, network.getIterationCount());
    }
}
