package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.deeplearning4j.nn.updater.graph.ComputationGraphUpdater;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.deeplearning4j.spark.parameterserver.training.SharingDriver;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

/** Which networks Spark trains with adapters: those with a rule, wherever they are made, and no other. */
@Tag("spark")
class SparkTest {

    private static final int WORKERS = 2;
    private static final int BATCH = 8;

    private static JavaSparkContext spark;

    @BeforeAll
    static void start() {
        spark = new JavaSparkContext(new SparkConf()
                .setMaster("local[" + WORKERS + "]")
                .setAppName("lowrank4j")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.driver.bindAddress", "127.0.0.1"));
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    /** A network on Spark: what trains it, and the network itself. */
    private record OnSpark(Runnable fit, Supplier<Model> network) {}

    @LowRank(rank = 2)
    private static OnSpark ruledByConfiguration(boolean graph) {
        return byConfiguration(graph);
    }

    private static NeuralNetConfiguration.Builder settings() {
        return Nets.settings(DataType.FLOAT, new Adam(0.01));
    }

    private static Model stock(boolean graph) {
        return graph ? Nets.initialised(Nets.graph(settings())) : Nets.initialised(Nets.layers(settings()));
    }

    /** Spark makes the network. */
    private static OnSpark byConfiguration(boolean graph) {
        if (graph) {
            SparkComputationGraph made = new SparkComputationGraph(spark, Nets.graph(settings()), master());
            return new OnSpark(() -> made.fit(data()), made::getNetwork);
        }
        SparkDl4jMultiLayer made = new SparkDl4jMultiLayer(spark, Nets.layers(settings()), master());
        return new OnSpark(() -> made.fit(data()), made::getNetwork);
    }

    /** The program makes the network. */
    private static OnSpark given(Model model) {
        if (model instanceof ComputationGraph graph) {
            SparkComputationGraph made = new SparkComputationGraph(spark, graph, master());
            return new OnSpark(() -> made.fit(data()), made::getNetwork);
        }
        SparkDl4jMultiLayer made = new SparkDl4jMultiLayer(spark, (MultiLayerNetwork) model, master());
        return new OnSpark(() -> made.fit(data()), made::getNetwork);
    }

    private static ParameterAveragingTrainingMaster master() {
        return new ParameterAveragingTrainingMaster.Builder(WORKERS, BATCH)
                .rngSeed(3)
                .batchSizePerWorker(BATCH)
                .averagingFrequency(2)
                .workerPrefetchNumBatches(0)
                .repartionData(Repartition.Never)
                .build();
    }

    private static JavaRDD<DataSet> data() {
        List<DataSet> batches = new ArrayList<>();
        for (int i = 0; i < 4 * WORKERS; i++) {
            batches.add(batch(i));
        }
        return spark.parallelize(batches, WORKERS);
    }

    private static DataSet batch(int i) {
        return Data.classes(i, DataType.FLOAT, BATCH, Nets.INPUTS, Nets.CLASSES);
    }

    private static void fitAlone(Model model) {
        if (model instanceof ComputationGraph graph) {
            graph.fit(batch(20));
        } else {
            ((MultiLayerNetwork) model).fit(batch(20));
        }
    }

    @LowRank(rank = 2)
    private static Model ruled(boolean graph) {
        return stock(graph);
    }

    private static void fitByAnotherMaster(Model model) {
        if (model instanceof ComputationGraph graph) {
            new SparkComputationGraph(spark, graph, SharingDriver.master()).fit(data());
        } else {
            new SparkDl4jMultiLayer(spark, (MultiLayerNetwork) model, SharingDriver.master()).fit(data());
        }
    }

    /** Also what was adapted before, which then goes on as stock. */
    @ParameterizedTest
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void aNetworkWhoseGradientsSparkSharesTrainsAsStock(boolean graph, boolean adapted) {
        Model model = ruled(graph);
        Model stock = stock(graph);
        if (adapted) {
            fitAlone(model);
            stock.setParams(model.params().dup());
        }
        List<String> said = CapturedErrors.of(() -> {
            for (Model each : List.of(model, stock)) {
                fitByAnotherMaster(each);
                fitByAnotherMaster(each);
            }
        });
        Nets.assertSame(stock.params(), model.params(), "parameters");
        assertStockUpdater(model);
        List<String> lines = CapturedErrors.containing(said, "lowrank4j");
        assertEquals(1, lines.size(), said::toString);
        assertTrue(lines.get(0).contains("trains as stock"), said::toString);
        assertTrue(lines.get(0).contains("use ParameterAveragingTrainingMaster"), said::toString);
    }

    private static void assertStockUpdater(Model model) {
        if (model instanceof ComputationGraph graph) {
            assertSame(ComputationGraphUpdater.class, graph.getUpdater().getClass());
        } else {
            assertSame(
                    MultiLayerUpdater.class,
                    ((MultiLayerNetwork) model).getUpdater().getClass());
        }
    }

    /** Without a rule, every bit is as it is without the agent: a worker's network has no trace of ours. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aNetworkWithoutARuleTrainsAsStock(boolean graph) {
        List<String> said = CapturedErrors.of(() -> {
            OnSpark stock = byConfiguration(graph);
            INDArray before = stock.network().get().params().dup();
            stock.fit().run();
            fitAlone(stock.network().get());
            Nets.assertMoved(before, stock.network().get().params(), "the network");
            assertStockUpdater(stock.network().get());
        });
        assertEquals(List.of(), CapturedErrors.containing(said, "trainable params"), said::toString);
    }

    /** The rule of the place where the program has Spark make the network. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aNetworkThatSparkMakesIsAdapted(boolean graph) {
        OnSpark[] ruled = new OnSpark[1];
        List<String> said = CapturedErrors.of(() -> {
            ruled[0] = ruledByConfiguration(graph);
            ruled[0].fit().run();
            ruled[0].fit().run();
            fitAlone(ruled[0].network().get());
        });
        assertEquals(1, CapturedErrors.containing(said, "trainable params").size(), said::toString);
        assertEquals(0, CapturedErrors.containing(said, "trains as stock").size(), said::toString);
        Nets.assertMoved(
                stock(graph).params(), ruled[0].network().get().params(), "the network");
    }

    @LowRank(rank = 2, layers = "*")
    private static Model refused(boolean graph) {
        return stock(graph);
    }

    /** Settings that cannot be had stop the driver, which says why. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void refusedSettingsStopBeforeTheFirstStep(boolean graph) {
        Model model = refused(graph);
        LowRankException refused =
                assertThrows(LowRankException.class, () -> given(model).fit().run());
        assertTrue(String.valueOf(refused.getMessage()).contains("'*'"), refused::getMessage);
    }

    /** What Spark makes and the program trains by itself is adapted as every other network. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aNetworkThatSparkMakesAndNeverTrainsIsAdapted(boolean graph) {
        List<String> said = CapturedErrors.of(() -> fitAlone(ruledByConfiguration(graph).network().get()));
        assertEquals(0, CapturedErrors.containing(said, "trains as stock").size(), said::toString);
        assertEquals(1, CapturedErrors.containing(said, "trainable params").size(), said::toString);
    }
}
