package org.lowrank4j.tests.spark.program;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.api.TrainingHook;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.deeplearning4j.spark.util.SparkUtils;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Parameter averaging. It says what it has learned, what travelled and, if every round is one step of SGD, how far it is from
 * one machine that learns from the minibatches of all workers together. Its arguments are {@code name=value}:
 * {@code workers}, {@code rounds}, {@code frequency} (minibatches a round), {@code width} of two hidden layers, {@code type},
 * {@code updater} (sgd or adam), {@code graph}, {@code serializers} (java, kryo or both) {@code halt}, a file that an
 * executor makes before it ends in the middle of the second round, {@code fails}, whether there is a round before all others
 * in which a worker throws, and {@code joins}, a file that the first of all workers makes before it waits for one more executor.
 */
public final class AveragingJob {

    private static final int INPUTS = 12;
    private static final int CLASSES = 3;
    private static final int BATCH = 8;
    private static final long SEED = 3;

    private final int workers;
    private final int rounds;
    private final int frequency;
    private final int width;
    private final DataType type;
    private final boolean adam;
    private final boolean graph;
    private final String halt;
    private final boolean fails;
    private final String joins;

    private AveragingJob(Map<String, String> arguments) {
        workers = Integer.parseInt(arguments.getOrDefault("workers", "2"));
        rounds = Integer.parseInt(arguments.getOrDefault("rounds", "5"));
        frequency = Integer.parseInt(arguments.getOrDefault("frequency", "1"));
        width = Integer.parseInt(arguments.getOrDefault("width", "24"));
        type = DataType.valueOf(arguments.getOrDefault("type", "DOUBLE"));
        adam = arguments.getOrDefault("updater", "sgd").equals("adam");
        graph = Boolean.parseBoolean(arguments.get("graph"));
        halt = arguments.getOrDefault("halt", "");
        fails = Boolean.parseBoolean(arguments.get("fails"));
        joins = arguments.getOrDefault("joins", "");
    }

    public static void main(String[] arguments) {
        Map<String, String> named = Arrays.stream(arguments)
                .map(argument -> argument.split("=", 2))
                .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1]));
        for (String serializer : named.getOrDefault("serializers", "java").split(",")) {
            new AveragingJob(named).run(serializer);
        }
    }

    private void run(String serializer) {
        Nd4j.setDefaultDataTypes(type, type);
        // Uncompressed, so that zeros count as other numbers do.
        SparkConf conf = new SparkConf()
                .setAppName("averaging " + serializer)
                .set("spark.cores.max", "" + workers)
                .set("spark.broadcast.compress", "false");
        if (serializer.equals("kryo")) {
            conf.set("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
                    .set("spark.kryo.registrator", "org.nd4j.kryo.Nd4jRegistrator");
        }
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            Travelled travelled = new Travelled();
            spark.sc().addSparkListener(travelled);
            awaitExecutors(spark, joins.isEmpty() ? workers : 1);
            List<DataSet> batches = batches();
            JavaRDD<DataSet> data = spark.parallelize(batches, workers);
            Model many = network();
            failFirst(spark, many, data, serializer);
            long before = System.nanoTime();
            fit(spark, many, data);
            result(serializer, "milliseconds", "" + (System.nanoTime() - before) / 1_000_000);
            result(serializer, "parameters", digest(many.params()));
            result(serializer, "moved", "" + difference(many.params(), network().params()));
            if (!adam && frequency == 1) {
                Model one = network();
                together(data).forEach(batch -> fitAlone(one, batch));
                result(serializer, "difference", "" + difference(many.params(), one.params()));
            }
            travelled.await(spark);
            result(serializer, "broadcast", "" + travelled.broadcast());
            result(serializer, "largest", "" + travelled.largest());
            result(serializer, "results", "" + travelled.results());
            result(serializer, "tasks", "" + travelled.tasks());
        }
    }

    /** The minibatches of each round together, as the training master draws: one of each partition. */
    private List<DataSet> together(JavaRDD<DataSet> data) {
        long seed = new Random(SEED).nextLong();
        return Arrays.stream(SparkUtils.balancedRandomSplit(rounds * workers, workers, data, seed))
                .map(round -> DataSet.merge(round.collect()))
                .toList();
    }

    /** Rounds that begin before all executors are there are trained by fewer of them. */
    private static void awaitExecutors(JavaSparkContext spark, int count) {
        long end = System.nanoTime() + 180_000_000_000L;
        while (spark.sc().getExecutorMemoryStatus().size() <= count) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("fewer than " + count + " executors");
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    /** The network must be what it was, and go on. */
    private void failFirst(JavaSparkContext spark, Model model, JavaRDD<DataSet> data, String serializer) {
        if (!fails) {
            return;
        }
        INDArray before = model.params().dup();
        try {
            fit(spark, model, data, new Fail());
        } catch (Exception failed) { // Spark's own is no RuntimeException.
            Throwable cause = failed;
            while (cause != null && !Fail.MESSAGE.equals(cause.getMessage())) {
                cause = cause.getCause();
            }
            result(serializer, "failed", cause == null ? failed.toString() : cause.getClass().getSimpleName());
        }
        result(serializer, "unchanged", "" + before.equals(model.params()));
    }

    private void fit(JavaSparkContext spark, Model model, JavaRDD<DataSet> data) {
        if (!halt.isEmpty()) {
            fit(spark, model, data, new Halt(halt, 2 * frequency));
        } else if (!joins.isEmpty()) {
            Join hook = new Join(joins);
            Thread awaiting = new Thread(() -> {
                awaitExecutors(spark, workers);
                hook.hasJoined();
            });
            awaiting.setDaemon(true);
            awaiting.start();
            fit(spark, model, data, hook);
        } else {
            fit(spark, model, data, new TrainingHook[0]);
        }
    }

    private void fit(JavaSparkContext spark, Model model, JavaRDD<DataSet> data, TrainingHook... hooks) {
        ParameterAveragingTrainingMaster master = new ParameterAveragingTrainingMaster.Builder(workers, BATCH)
                .rngSeed(SEED)
                .batchSizePerWorker(BATCH)
                .averagingFrequency(frequency)
                .saveUpdater(true)
                .workerPrefetchNumBatches(0)
                .rddTrainingApproach(RDDTrainingApproach.Direct)
                .repartionData(Repartition.Never)
                .trainingHooks(List.of(hooks))
                .build();
        if (model instanceof ComputationGraph given) {
            new SparkComputationGraph(spark, given, master).fit(data);
        } else {
            new SparkDl4jMultiLayer(spark, (MultiLayerNetwork) model, master).fit(data);
        }
    }

    private static void fitAlone(Model model, DataSet batch) {
        if (model instanceof ComputationGraph one) {
            one.fit(batch);
        } else {
            ((MultiLayerNetwork) model).fit(batch);
        }
    }

    private Model network() {
        IUpdater updater = adam ? new Adam(0.01) : new Sgd(0.2);
        NeuralNetConfiguration.Builder settings =
                new NeuralNetConfiguration.Builder().seed(7).dataType(type).updater(updater);
        if (graph) {
            ComputationGraph made = new ComputationGraph(settings.graphBuilder()
                    .addInputs("in")
                    .addLayer("first", dense(INPUTS), "in")
                    .addLayer("second", dense(width), "first")
                    .addLayer("out", head(), "second")
                    .setOutputs("out")
                    .build());
            made.init();
            return made;
        }
        MultiLayerNetwork made = new MultiLayerNetwork(settings.list()
                .layer(dense(INPUTS))
                .layer(dense(width))
                .layer(head())
                .build());
        made.init();
        return made;
    }

    private DenseLayer dense(int inputs) {
        return new DenseLayer.Builder()
                .nIn(inputs)
                .nOut(width)
                .activation(Activation.TANH)
                .build();
    }

    private OutputLayer head() {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nIn(width)
                .nOut(CLASSES)
                .build();
    }

    private List<DataSet> batches() {
        Random random = new Random(11);
        List<DataSet> batches = new ArrayList<>();
        for (int i = 0; i < rounds * workers * frequency; i++) {
            double[][] inputs = new double[BATCH][INPUTS];
            double[][] labels = new double[BATCH][CLASSES];
            for (int row = 0; row < BATCH; row++) {
                for (int column = 0; column < INPUTS; column++) {
                    inputs[row][column] = random.nextGaussian();
                }
                labels[row][random.nextInt(CLASSES)] = 1;
            }
            batches.add(new DataSet(
                    Nd4j.create(inputs).castTo(type), Nd4j.create(labels).castTo(type)));
        }
        return batches;
    }

    private static double difference(INDArray one, INDArray other) {
        return one.sub(other).norm2Number().doubleValue() / other.norm2Number().doubleValue();
    }

    private static String digest(INDArray array) {
        ByteBuffer bytes = ByteBuffer.allocate((int) array.length() * Double.BYTES);
        for (double value : array.dup('c').data().asDouble()) {
            bytes.putDouble(value);
        }
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
        } catch (NoSuchAlgorithmException none) {
            throw new IllegalStateException(none);
        }
    }

    private static void result(String serializer, String name, String value) {
        System.out.println("result " + serializer + "." + name + " " + value);
    }
}
