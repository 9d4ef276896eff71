package org.lowrank4j.examples.digits;

import java.nio.file.Path;
import java.util.Locale;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.util.ModelSerializer;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.learning.config.Adam;

/**
 * Fine-tunes the base model on digits of another domain. An ordinary DL4J program: without the agent the annotation
 * does nothing and every weight is trained; with {@code -javaagent:lowrank4j-agent.jar} the same program trains
 * adapters of rank 8.
 */
@LowRank(rank = 8, alpha = 16)
public final class FineTune {

    private static final int TRAINING_DIGITS = 10_000;
    private static final int BATCH = 64;

    /** Which layers DL4J itself leaves trainable. */
    enum Trained {
        ALL,
        /** DL4J's own transfer learning: both hidden layers frozen. */
        OUTPUT;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private FineTune() {}

    public static void main(String[] args) throws Exception {
        new Arguments("FineTune", "Fine-tunes the base model on digits of another domain.")
                .option("base", "FILE", "", "the model zip to start from, as Pretrain wrote it")
                .option("out", "DIR", "", "where model.zip, losses.csv and result.properties go")
                .option("data", "DIR", "", "MNIST directory, or \"drawn\"")
                .option("shift", "DOMAIN", "rotated", "new domain: rotated, inverted or inverted-rotated")
                .option("train", "LAYERS", "all", "all, or output: freeze the hidden layers as DL4J does")
                .option("rate", "RATE", "1e-3", "Adam's learning rate")
                .option("steps", "N", "800", "batches of 64 to train on")
                .option("seed", "N", "1", "order of the digits, start of the adapters")
                .run(args, FineTune::fineTune);
    }

    private static void fineTune(Arguments options) throws Exception {
        Path out = options.path("out");
        int steps = options.integer("steps", 1, 1_000_000);
        int seed = options.integer("seed", 0, Integer.MAX_VALUE);
        double rate = options.positive("rate", 10);
        Domain shift = options.choice("shift", Domain.class);
        Digits digits = Digits.load(options.text("data"));
        DigitSet train = digits.train().first(TRAINING_DIGITS).in(shift);

        MultiLayerNetwork base =
                ModelSerializer.restoreMultiLayerNetwork(options.path("base").toFile(), false);
        TransferLearning.Builder builder = new TransferLearning.Builder(base)
                .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                        .updater(new Adam(rate))
                        .seed(seed)
                        .build());
        if (options.choice("train", Trained.class) == Trained.OUTPUT) {
            builder.setFeatureExtractor(1);
        }
        MultiLayerNetwork model = builder.build();

        LossLog losses = new LossLog(steps);
        model.setListeners(losses);
        model.fit(DigitBatches.shuffled(train, BATCH, steps, seed));

        DigitSet test = digits.test();
        double accuracy =
                model.evaluate(DigitBatches.once(test.in(shift), 1000)).accuracy();
        double kept = model.evaluate(DigitBatches.once(test, 1000)).accuracy();
        System.out.printf(
                "Accuracy on %s digits %.2f %%, on upright digits %.2f %%.%n", shift, 100 * accuracy, 100 * kept);
        losses.write(out.resolve("losses.csv"));
        RunResult.of(model, accuracy, kept, losses).write(out.resolve("result.properties"));
        ModelFile.write(model, out.resolve("model.zip"));
    }
}
