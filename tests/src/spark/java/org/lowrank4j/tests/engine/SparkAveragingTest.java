package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.management.JMException;
import javax.management.ObjectName;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.SingularValueDecomposition;
import org.apache.spark.SparkConf;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.earlystopping.EarlyStoppingConfiguration;
import org.deeplearning4j.earlystopping.EarlyStoppingResult;
import org.deeplearning4j.earlystopping.saver.InMemoryModelSaver;
import org.deeplearning4j.earlystopping.termination.MaxEpochsTerminationCondition;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.config.DL4JSystemProperties;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.api.TrainingHook;
import org.deeplearning4j.spark.earlystopping.SparkDataSetLossCalculator;
import org.deeplearning4j.spark.earlystopping.SparkEarlyStoppingTrainer;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.deeplearning4j.spark.time.SystemClockTimeSource;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Method;
import org.lowrank4j.method.Replication;
import org.lowrank4j.registry.Methods;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** Spark averages what a network with a rule trains, and its change keeps the rank of the adapters. */
@Tag("spark")
class SparkAveragingTest {

    private static final int WORKERS = 2;
    private static final int BATCH = 8;
    private static final int RANK = 2;
    private static final int SPLITS = Integer.getInteger("robustness.fits", 2) * 10;

    private JavaSparkContext spark;

    private void start(boolean kryo) {
        SparkConf settings = new SparkConf()
                .setMaster("local[" + WORKERS + "]")
                .setAppName("lowrank4j")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.driver.bindAddress", "127.0.0.1");
        if (kryo) {
            settings.set("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
                    .set("spark.kryo.registrator", "org.nd4j.kryo.Nd4jRegistrator");
        }
        spark = new JavaSparkContext(settings);
    }

    @AfterEach
    void stop() {
        if (spark != null) {
            spark.stop();
        }
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

    private static ParameterAveragingTrainingMaster.Builder master() {
        return settings(new ParameterAveragingTrainingMaster.Builder(WORKERS, BATCH));
    }

    private static ParameterAveragingTrainingMaster.Builder settings(ParameterAveragingTrainingMaster.Builder master) {
        return master.rngSeed(3)
                .batchSizePerWorker(BATCH)
                .averagingFrequency(1)
                .saveUpdater(true)
                .workerPrefetchNumBatches(0)
                .rddTrainingApproach(RDDTrainingApproach.Direct)
                .repartionData(Repartition.Never);
    }

    private JavaRDD<DataSet> data(List<DataSet> batches) {
        return spark.parallelize(batches, WORKERS);
    }

    private void fit(Model model, ParameterAveragingTrainingMaster master, List<DataSet> batches) {
        fit(model, master, data(batches));
    }

    private void fit(Model model, ParameterAveragingTrainingMaster master, JavaRDD<DataSet> batches) {
        if (model instanceof ComputationGraph graph) {
            new SparkComputationGraph(spark, graph, master).fit(batches);
        } else {
            new SparkDl4jMultiLayer(spark, (MultiLayerNetwork) model, master).fit(batches);
        }
    }

    private static void fitAlone(Model model, DataSet batch) {
        if (model instanceof ComputationGraph graph) {
            graph.fit(batch);
        } else {
            ((MultiLayerNetwork) model).fit(batch);
        }
    }

    private static DataSet batch(int i) {
        return Data.classes(i, DataType.DOUBLE, BATCH, Nets.INPUTS, Nets.CLASSES);
    }

    private static List<DataSet> batches(int from, int count) {
        List<DataSet> batches = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            batches.add(batch(from + i));
        }
        return batches;
    }

    private static void assertEqual(INDArray expected, INDArray actual, String what) {
        double difference = actual.sub(expected).norm2Number().doubleValue()
                / expected.norm2Number().doubleValue();
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
        double next = singularValue(RANK, before, model);
        assertTrue(next < 1e-12, () -> "the change is of a higher rank: " + next);
    }

    static Stream<Arguments> ways() {
        return Stream.of(false, true)
                .flatMap(graph -> Stream.of(RDDTrainingApproach.values())
                        .flatMap(approach ->
                                Stream.of(false, true).map(kryo -> Arguments.of(graph, approach, kryo))));
    }

    /** Rounds of one split each, so that what each of them averages over is known. */
    @ParameterizedTest
    @MethodSource("ways")
    void learnsAsOneMachineDoes(boolean graph, RDDTrainingApproach approach, boolean kryo) {
        start(kryo);
        Map<String, String> rule = Map.of("bias", "all");
        Model one = ruled(graph, new Sgd(0.2), rule);
        Model many = ruled(graph, new Sgd(0.2), rule);
        ParameterAveragingTrainingMaster master =
                master().rddTrainingApproach(approach).build();
        for (int round = 0; round < 8; round++) {
            List<DataSet> batches = batches(WORKERS * round, WORKERS);
            fitAlone(one, DataSet.merge(batches));
            fit(many, master, batches);
            assertEqual(one.params(), many.params(), "round " + round);
        }
        assertKeepsItsRank(stock(graph, new Sgd(0.2)), many);
        fitAlone(one, batch(1000));
        fitAlone(many, batch(1000));
        assertEqual(one.params(), many.params(), "the program's own step");
    }

    private static Stream<Arguments> bothWays(Object... frequencies) {
        return Stream.of(frequencies)
                .flatMap(frequency -> Stream.of(false, true).map(graph -> Arguments.of(frequency, graph)));
    }

    static Stream<Arguments> frequencies() {
        return bothWays(1, 3);
    }

    /** The same batches for the same workers; ParallelWrapper hands them out in turn. */
    private static List<DataSet> inTurn(List<DataSet> batches) {
        List<DataSet> turned = new ArrayList<>();
        int each = batches.size() / WORKERS;
        for (int i = 0; i < each; i++) {
            for (int worker = 0; worker < WORKERS; worker++) {
                turned.add(batches.get(worker * each + i));
            }
        }
        return turned;
    }

    /** Updaters' states come back with what trains, and are averaged as it is. */
    @ParameterizedTest
    @MethodSource("frequencies")
    void learnsAsParallelWrapperDoes(int frequency, boolean graph) {
        start(false);
        Model wrapped = ruled(graph, new Adam(0.01), Map.of("bias", "all"));
        Model many = ruled(graph, new Adam(0.01), Map.of("bias", "all"));
        ParameterAveragingTrainingMaster master =
                master().averagingFrequency(frequency).build();
        ParallelWrapper wrapper = new ParallelWrapper.Builder<>(wrapped)
                .workers(WORKERS)
                .prefetchBuffer(0)
                .averagingFrequency(frequency)
                .build();
        for (int round = 0; round < 4; round++) {
            List<DataSet> batches = batches(100 * round, WORKERS * frequency);
            wrapper.fit(new ListDataSetIterator<>(inTurn(batches), 1));
            fit(many, master, batches);
            assertEqual(wrapped.params(), many.params(), "round " + round);
        }
        fitAlone(wrapped, batch(1000));
        fitAlone(many, batch(1000));
        assertEqual(wrapped.params(), many.params(), "the program's own step");
        assertKeepsItsRank(stock(graph, new Adam(0.01)), many);
    }

    /** The driver reads the first minibatches, which are those that ParallelWrapper reads. */
    @ParameterizedTest
    @CsvSource({
        "lora-ga, Direct, false, 1",
        "lora-ga, Export, true, 1",
        "eva, Direct, true, 2",
        "eva, Export, false, 2",
        "corda, Direct, false, 1"
    })
    void startsLearnFromTheFirstMinibatches(String init, RDDTrainingApproach approach, boolean graph, int parts) {
        start(false);
        Map<String, String> rule = Map.of("init", init, "bias", "all");
        Model wrapped = ruled(graph, new Adam(0.01), rule);
        Model many = ruled(graph, new Adam(0.01), rule);
        ParallelWrapper wrapper = new ParallelWrapper.Builder<>(wrapped)
                .workers(WORKERS)
                .prefetchBuffer(0)
                .averagingFrequency(1)
                .build();
        for (int round = 0; round < 2; round++) {
            List<DataSet> batches = batches(WORKERS * round, WORKERS);
            wrapper.fit(new ListDataSetIterator<>(batches, 1));
            List<DataSet> elements = batches.stream()
                    .flatMap(batch -> batch.batchBy(BATCH / parts).stream())
                    .toList();
            ParameterAveragingTrainingMaster.Builder master =
                    new ParameterAveragingTrainingMaster.Builder(WORKERS, BATCH / parts);
            fit(many, settings(master).rddTrainingApproach(approach).build(), elements);
            assertEqual(wrapped.params(), many.params(), "round " + round);
        }
        fitAlone(wrapped, batch(1000));
        fitAlone(many, batch(1000));
        assertEqual(wrapped.params(), many.params(), "the program's own step");
    }

    @Test
    void startsThatLearnRefuseFiles() {
        start(false);
        MultiLayerNetwork model = (MultiLayerNetwork) ruled(false, new Adam(0.01), Map.of("init", "lora-ga"));
        INDArray before = model.params().dup();
        LowRankException refused = assertThrows(LowRankException.class, () -> new SparkDl4jMultiLayer(
                        spark, model, master().build())
                .fitPaths(spark.parallelize(List.of("file:///none"))));
        assertTrue(String.valueOf(refused.getMessage()).contains("fit(JavaRDD)"), refused::getMessage);
        Nets.assertSame(before, model.params(), "parameters");
    }

    /** The user's: a worker's hook, and a record that cannot be read where a worker trains. */
    private static final class Failing implements TrainingHook, Function<DataSet, DataSet> {

        private static final long serialVersionUID = 1L;

        private static void fail() {
            if (TaskContext.getPartitionId() == 1) {
                throw new IllegalStateException("the user's");
            }
        }

        @Override
        public DataSet call(DataSet record) {
            boolean trains = StackWalker.getInstance()
                    .walk(frames -> frames.anyMatch(
                            frame -> frame.getClassName().startsWith("org.deeplearning4j.spark.api.worker.")));
            if (trains) {
                fail();
            }
            return record;
        }

        @Override
        public void preUpdate(org.nd4j.linalg.dataset.api.DataSet minibatch, Model model) {
            fail();
        }

        @Override
        public void postUpdate(org.nd4j.linalg.dataset.api.DataSet minibatch, Model model) {}

        @Override
        public void preUpdate(org.nd4j.linalg.dataset.api.MultiDataSet minibatch, Model model) {
            fail();
        }

        @Override
        public void postUpdate(org.nd4j.linalg.dataset.api.MultiDataSet minibatch, Model model) {}
    }

    /** The job ends with what was thrown, and what it had learned before goes on. */
    @ParameterizedTest
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void aWorkerThatThrowsEndsTheFit(boolean graph, boolean record) {
        start(false);
        Model one = ruled(graph, new Sgd(0.2), Map.of());
        Model many = ruled(graph, new Sgd(0.2), Map.of());
        for (int round = 0; round < 3; round++) {
            List<DataSet> batches = batches(WORKERS * round, WORKERS);
            ParameterAveragingTrainingMaster.Builder master = master();
            JavaRDD<DataSet> failing = record ? data(batches).map(new Failing()) : data(batches);
            // Records are kept in memory otherwise, where they are counted before anything is trained.
            ParameterAveragingTrainingMaster failingMaster =
                    record ? master.storageLevel(null).build() : master.trainingHooks(new Failing()).build();
            INDArray before = many.params().dup();
            Throwable thrown = assertThrows(Exception.class, () -> fit(many, failingMaster, failing));
            Throwable cause = thrown;
            while (cause != null && !"the user's".equals(cause.getMessage())) {
                cause = cause.getCause();
            }
            assertInstanceOf(IllegalStateException.class, cause, () -> "the fit ended with " + thrown);
            Nets.assertSame(before, many.params(), "what was learned before round " + round);
            assertEquals(List.of(), ExchangeCountersTest.seen("Exchange"));
            fitAlone(one, DataSet.merge(batches));
            fit(many, master().build(), batches);
            assertEqual(one.params(), many.params(), "round " + round);
        }
    }

    /** Each split begins with the state that the driver has, which stays as it is. */
    @Test
    void workersKeepTheStatesOfTheirUpdatersIfTheMasterSaysSo() {
        start(false);
        Model averaged = ruled(false, new Adam(0.01), Map.of());
        Model alone = ruled(false, new Adam(0.01), Map.of());
        for (int round = 0; round < 2; round++) {
            fit(averaged, master().build(), batches(WORKERS * round, WORKERS));
            fit(alone, master().saveUpdater(false).build(), batches(WORKERS * round, WORKERS));
            if (round == 0) {
                Nets.assertSame(averaged.params(), alone.params(), "the first round");
            }
        }
        Nets.assertMoved(averaged.params(), alone.params(), "the second round");
    }

    /** Every bit is as two networks of stock and their mean give it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aNetworkWithoutARuleTrainsAsStock(boolean graph) {
        start(false);
        Model many = stock(graph, new Adam(0.01));
        List<String> said = CapturedErrors.of(() -> fit(many, master().build(), batches(0, WORKERS)));
        INDArray sum = many.params().like();
        for (DataSet batch : batches(0, WORKERS)) {
            Model one = stock(graph, new Adam(0.01));
            fitAlone(one, batch);
            sum.addi(one.params());
        }
        Nets.assertSame(sum.divi(WORKERS), many.params(), "parameters");
        assertEquals(List.of(), CapturedErrors.containing(said, "lowrank4j"), said::toString);
    }

    @ParameterizedTest
    @CsvSource({
        "exchange, mean, cannot be had on Spark",
        "exchange, encoded, cannot be had on Spark",
        "exchange, exact, cannot be had on Spark",
        "update, relora, cannot train on replicas",
        "gradient, lora-pro, cannot train on replicas",
        "updater, prodigy, cannot train on replicas"
    })
    void whatSparkCannotKeepTogetherIsRefused(String key, String value, String why) {
        start(false);
        Model model = ruled(false, new Adam(0.01), Map.of(key, value));
        INDArray before = model.params().dup();
        LowRankException refused =
                assertThrows(LowRankException.class, () -> fit(model, master().build(), batches(0, WORKERS)));
        assertTrue(String.valueOf(refused.getMessage()).contains(key + "=" + value), refused::getMessage);
        assertTrue(String.valueOf(refused.getMessage()).contains(why), refused::getMessage);
        assertTrue(String.valueOf(refused.getMessage()).contains("exchange=factors"), refused::getMessage);
        Nets.assertSame(before, model.params(), "parameters");
    }

    static Stream<String> replicated() {
        return Methods.load().updates().stream()
                .filter(update -> update.replicates().contains(Replication.VALUES))
                .map(Method::name);
    }

    /** With every method that is not refused. */
    @ParameterizedTest
    @MethodSource("replicated")
    void everyMethodLearnsAsOnOneMachine(String update) {
        start(false);
        Model one = ruled(false, new Sgd(0.1), Map.of("update", update));
        Model many = ruled(false, new Sgd(0.1), Map.of("update", update));
        for (int round = 0; round < 3; round++) {
            List<DataSet> batches = batches(WORKERS * round, WORKERS);
            fitAlone(one, DataSet.merge(batches));
            fit(many, master().build(), batches);
        }
        assertEqual(one.params(), many.params(), update);
    }

    /** All batches are alike, so that it is of no matter which split they come into. */
    @Test
    void manySplitsOfOneFitKeepNoSessions() throws JMException {
        start(false);
        Model one = ruled(false, new Sgd(0.05), Map.of());
        Model many = ruled(false, new Sgd(0.05), Map.of());
        List<DataSet> batches = Collections.nCopies(WORKERS * SPLITS, batch(1));
        fit(many, master().build(), batches);
        int steps = ((MultiLayerNetwork) many).getIterationCount();
        assertTrue(steps > SPLITS / 2, () -> "only " + steps + " steps");
        for (int i = 0; i < steps; i++) {
            fitAlone(one, batch(1));
        }
        assertEqual(one.params(), many.params(), "parameters");
        long sessions = sessions();
        fit(many, master().build(), batches);
        assertTrue(sessions() <= sessions, "there were " + sessions + ", and are " + sessions());
    }

    /** How many there are in the heap of this JVM. */
    private static long sessions() throws JMException {
        System.gc();
        String histogram = (String) ManagementFactory.getPlatformMBeanServer()
                .invoke(
                        new ObjectName("com.sun.management:type=DiagnosticCommand"),
                        "gcClassHistogram",
                        new Object[] {new String[0]},
                        new String[] {String[].class.getName()});
        return histogram.lines()
                .filter(line -> line.contains(" org.lowrank4j.engine.Session "))
                .mapToLong(line -> Long.parseLong(line.strip().split("\\s+")[1]))
                .sum();
    }

    /** Counts what workers tell it, in this JVM. */
    private static final class Counting extends BaseTrainingListener implements TrainingHook {

        private static final AtomicInteger STEPS = new AtomicInteger();
        private static final AtomicInteger MINIBATCHES = new AtomicInteger();

        @Override
        public void iterationDone(Model model, int iteration, int epoch) {
            STEPS.incrementAndGet();
        }

        @Override
        public void preUpdate(org.nd4j.linalg.dataset.api.DataSet minibatch, Model model) {}

        @Override
        public void postUpdate(org.nd4j.linalg.dataset.api.DataSet minibatch, Model model) {
            MINIBATCHES.incrementAndGet();
        }

        @Override
        public void preUpdate(org.nd4j.linalg.dataset.api.MultiDataSet minibatch, Model model) {}

        @Override
        public void postUpdate(org.nd4j.linalg.dataset.api.MultiDataSet minibatch, Model model) {
            MINIBATCHES.incrementAndGet();
        }
    }

    /** And statistics are collected, and data is shared out anew. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void listenersAndHooksHearOfEveryStep(boolean graph) {
        start(false);
        // DL4J measures by the clocks of the internet otherwise.
        System.setProperty(
                DL4JSystemProperties.TIMESOURCE_CLASSNAME_PROPERTY, SystemClockTimeSource.class.getName());
        Model model = ruled(graph, new Adam(0.01), Map.of());
        ParameterAveragingTrainingMaster master = master()
                .averagingFrequency(2)
                .trainingHooks(new Counting())
                .collectTrainingStats(true)
                .repartionData(Repartition.Always)
                .build();
        Counting.STEPS.set(0);
        Counting.MINIBATCHES.set(0);
        List<DataSet> batches = batches(0, 4 * WORKERS);
        if (model instanceof ComputationGraph network) {
            SparkComputationGraph onSpark = new SparkComputationGraph(spark, network, master);
            onSpark.setListeners(new Counting());
            onSpark.fit(data(batches));
        } else {
            SparkDl4jMultiLayer onSpark = new SparkDl4jMultiLayer(spark, (MultiLayerNetwork) model, master);
            onSpark.setListeners(new Counting());
            onSpark.fit(data(batches));
            assertTrue(Double.isFinite(onSpark.getScore()) && onSpark.getScore() > 0);
            assertEquals(
                    ((MultiLayerNetwork) model)
                            .evaluate(new ListDataSetIterator<>(batches, 1))
                            .accuracy(),
                    onSpark.evaluate(data(batches)).accuracy());
        }
        assertEquals(batches.size(), Counting.STEPS.get());
        assertEquals(batches.size(), Counting.MINIBATCHES.get());
        assertTrue(master.getTrainingStats().getKeySet().size() > 5);
    }

    /** Asks JMX at the first minibatch of a fit, in this JVM. */
    private static final class Looking implements TrainingHook {

        private static final List<Object> SEEN = Collections.synchronizedList(new ArrayList<>());

        @Override
        public void preUpdate(org.nd4j.linalg.dataset.api.DataSet minibatch, Model model) {
            look();
        }

        private static void look() {
            synchronized (SEEN) {
                if (SEEN.isEmpty()) {
                    SEEN.addAll(ExchangeCountersTest.seen("Exchange", "Replicas", "Rounds", "Bytes", "DriverBytes"));
                }
            }
        }

        @Override
        public void postUpdate(org.nd4j.linalg.dataset.api.DataSet minibatch, Model model) {}

        @Override
        public void preUpdate(org.nd4j.linalg.dataset.api.MultiDataSet minibatch, Model model) {
            look();
        }

        @Override
        public void postUpdate(org.nd4j.linalg.dataset.api.MultiDataSet minibatch, Model model) {}
    }

    /** A worker without data brings nothing back. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void jmxCountsWhatTravels(boolean graph) {
        start(false);
        Model model = ruled(graph, new Sgd(0.1), Map.of());
        fit(model, master().build(), batches(0, 2 * WORKERS));
        fit(model, master().build(), batches(0, 1));
        Looking.SEEN.clear();
        fit(model, master().trainingHooks(new Looking()).build(), batches(0, WORKERS));
        long weights = model.numParams() * Double.BYTES;
        long adapters = (RANK * (6 + 8) + RANK * (8 + 7)) * Double.BYTES;
        long trained = adapters + (7 * 3 + 3) * Double.BYTES;
        assertEquals(
                List.of("factors", WORKERS, 3L, 5 * trained, 3 * (weights + adapters) + 4 * trained), Looking.SEEN);
        assertEquals(List.of(), ExchangeCountersTest.seen("Exchange"));
    }

    @Test
    void earlyStoppingTrainsOnSparkAndKeepsTheBest() {
        start(false);
        MultiLayerNetwork model = (MultiLayerNetwork) ruled(false, new Adam(0.01), Map.of());
        INDArray before = model.params().dup();
        EarlyStoppingConfiguration<MultiLayerNetwork> settings =
                new EarlyStoppingConfiguration.Builder<MultiLayerNetwork>()
                        .epochTerminationConditions(new MaxEpochsTerminationCondition(3))
                        .scoreCalculator(new SparkDataSetLossCalculator(data(batches(50, 2)), true, spark.sc()))
                        .modelSaver(new InMemoryModelSaver<>())
                        .build();
        EarlyStoppingResult<MultiLayerNetwork> result =
                new SparkEarlyStoppingTrainer(spark, master().build(), settings, model, data(batches(0, WORKERS))).fit();
        assertEquals(3, result.getTotalEpochs(), result::toString);
        Nets.assertMoved(before, result.getBestModel().params(), "the network");
        assertKeepsItsRank(stock(false, new Adam(0.01)), model);
    }

    /** What was trained on Spark is a network as every other with adapters. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void isSavedAndGoesOnOnSpark(boolean graph, @TempDir Path directory) throws IOException {
        start(false);
        Model model = ruled(graph, new Adam(0.01), Map.of());
        List<String> said = CapturedErrors.of(() -> {
            for (int round = 0; round < 2; round++) {
                fit(model, master().build(), batches(WORKERS * round, WORKERS));
            }
        });
        assertEquals(1, CapturedErrors.containing(said, "Spark, exchange=factors").size(), said::toString);
        assertEquals(1, CapturedErrors.containing(said, "trainable params").size(), said::toString);
        File file = directory.resolve("model.zip").toFile();
        ModelSerializer.writeModel(model, file, true);
        Model[] restored = new Model[1];
        JvmRules.with(Map.of("rank", String.valueOf(RANK)), () -> restored[0] = restore(file, graph));
        for (Model each : List.of(model, restored[0])) {
            fit(each, master().build(), batches(77, WORKERS));
            fitAlone(each, batch(1000));
        }
        Nets.assertSame(model.params(), restored[0].params(), "parameters");
    }

    private static Model restore(File file, boolean graph) {
        try {
            return graph
                    ? ModelSerializer.restoreComputationGraph(file, true)
                    : ModelSerializer.restoreMultiLayerNetwork(file, true);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** The driver's network is what it was between two fits, and so is what workers start from. */
    @Test
    void whatTheProgramChangesBetweenFitsCounts() {
        start(false);
        Model one = ruled(false, new Sgd(0.2), Map.of());
        Model many = ruled(false, new Sgd(0.2), Map.of());
        for (int round = 0; round < 4; round++) {
            List<DataSet> batches = batches(WORKERS * round, WORKERS);
            fitAlone(one, DataSet.merge(batches));
            fit(many, master().build(), batches);
            for (Model each : List.of(one, many)) {
                if (round == 0) {
                    each.setParams(each.params().mul(0.9));
                } else if (round == 1) {
                    ((MultiLayerNetwork) each).setLearningRate(0.1);
                } else {
                    fitAlone(each, batch(500));
                }
            }
            assertEqual(one.params(), many.params(), "round " + round);
        }
    }
}
