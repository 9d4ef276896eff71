package spark;

import digits.DigitBatches;
import digits.DigitSet;
import digits.Digits;
import digits.Domain;
import digits.Pretrain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

/**
 * A digit classifier moves to rotated digits on Spark, by parameter averaging. An ordinary job of Deeplearning4j: with the agent
 * on the driver and on the executors, adapters alone travel.
 */
public final class Adapt {

    private static final int TRAINING_DIGITS = 4_000;
    private static final int BATCH = 32;
    private static final int WORKERS = 2;
    private static final int FREQUENCY = 5;

    private final JavaSparkContext spark;
    private final Digits digits;
    private final int epochs;

    private Adapt(JavaSparkContext spark, Digits digits, int epochs) {
        this.spark = spark;
        this.digits = digits;
        this.epochs = epochs;
    }

    /** @param args where the networks go; how often to go through the digits; a directory with MNIST, or {@code drawn} */
    public static void main(String[] args) throws IOException {
        Path out = Files.createDirectories(Path.of(args.length > 0 ? args[0] : "target/spark"));
        int epochs = args.length > 1 ? Integer.parseInt(args[1]) : 2;
        String data = args.length > 2 ? args[2] : "";
        SparkConf conf = new SparkConf()
                .setAppName("digits")
                .setIfMissing("spark.master", "local[" + WORKERS + "]")
                .setIfMissing("spark.ui.enabled", "false");
        Digits digits = Digits.load(data);
        Path base = out.resolve("base-" + digits.name() + ".zip");
        if (Files.notExists(base)) {
            Pretrain.main(new String[] {"--base=" + base, "--data=" + data, "--steps=600"});
        }
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            new Adapt(spark, digits, epochs).run(base, out.resolve("rotated-" + digits.name() + ".zip"));
        }
    }

    private void run(Path base, Path rotated) throws IOException {
        MultiLayerNetwork network = network(MultiLayerNetwork.load(base.toFile(), false));
        System.out.printf("Rotated digits: %.1f %% right before.%n", 100 * accuracy(network));
        SparkDl4jMultiLayer onSpark = new SparkDl4jMultiLayer(spark, network, master());
        // Once shuffled, minibatches are where they are trained on, and no task has to bring them along.
        JavaRDD<DataSet> data = spark.parallelize(batches(), WORKERS).repartition(WORKERS);
        for (int epoch = 1; epoch <= epochs; epoch++) {
            long start = System.nanoTime();
            onSpark.fit(data);
            System.out.printf(
                    "Epoch %d: %.1f %% right after %.1f s.%n",
                    epoch, 100 * accuracy(onSpark.getNetwork()), (System.nanoTime() - start) / 1e9);
        }
        onSpark.getNetwork().save(rotated.toFile(), true);
    }

    /** The base model, to be trained on: on all weights, or on adapters of rank 8 at a higher rate. */
    @LowRank(rank = 8, alpha = 16, rate = 0.01)
    private static MultiLayerNetwork network(MultiLayerNetwork base) {
        return new TransferLearning.Builder(base)
                .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                        .updater(new Adam(1e-3))
                        .seed(1)
                        .build())
                .build();
    }

    private static ParameterAveragingTrainingMaster master() {
        return new ParameterAveragingTrainingMaster.Builder(WORKERS, BATCH)
                .batchSizePerWorker(BATCH)
                .averagingFrequency(FREQUENCY)
                .saveUpdater(true)
                .rddTrainingApproach(RDDTrainingApproach.Direct)
                .rngSeed(1)
                .build();
    }

    private List<DataSet> batches() {
        DigitSet seen = digits.train().first(TRAINING_DIGITS).in(Domain.ROTATED);
        List<DataSet> batches = new ArrayList<>();
        DigitBatches.shuffled(seen, BATCH, seen.size() / BATCH, 1).forEachRemaining(batches::add);
        return batches;
    }

    private double accuracy(MultiLayerNetwork network) {
        return network.evaluate(DigitBatches.once(digits.test().in(Domain.ROTATED), 1000))
                .accuracy();
    }
}
