package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.SingularValueDecomposition;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** Spark averages what a network with a rule trains, and its change keeps the rank of the adapters. */
@Tag("spark")
class SparkAveragingTest {

    private static final int WORKERS = 2;
    private static final int BATCH = 8;
    private static final int RANK = 2;

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
        return new ParameterAveragingTrainingMaster.Builder(WORKERS, BATCH)
                .rngSeed(3)
                .batchSizePerWorker(BATCH)
                .averagingFrequency(1)
                .workerPrefetchNumBatches(0)
                .rddTrainingApproach(RDDTrainingApproach.Direct)
                .repartionData(Repartition.Never);
    }

    private JavaRDD<DataSet> data(List<DataSet> batches) {
        return spark.parallelize(batches, WORKERS);
    }

    private void fit(Model model, ParameterAveragingTrainingMaster master, List<DataSet> batches) {
        if (model instanceof ComputationGraph graph) {
            new SparkComputationGraph(spark, graph, master).fit(data(batches));
        } else {
            new SparkDl4jMultiLayer(spark, (MultiLayerNetwork) model, master).fit(data(batches));
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
        assertTrue(singularValue(RANK, before, model) < 1e-12, "the change is of a higher rank");
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
}
