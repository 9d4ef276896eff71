package digits;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.learning.config.Adam;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Fine-tunes the base model on digits of another domain. An ordinary DL4J program: without the agent the annotation
 * does nothing and every weight is trained; with {@code -javaagent:lowrank4j-agent.jar} the same program trains
 * adapters of rank 8.
 */
@LowRank(rank = 8, alpha = 16)
@Command(name = "FineTune", mixinStandardHelpOptions = true, showDefaultValues = true)
public final class FineTune implements Callable<Integer> {

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

    @Option(names = "--base", required = true, description = "the model zip to start from, as Pretrain wrote it")
    private File base;

    @Option(names = "--out", required = true, description = "where model.zip, losses.csv and result.properties go")
    private Path out;

    @Option(names = "--data", defaultValue = "", description = "MNIST directory, or \"drawn\"")
    private String data;

    @Option(names = "--shift", defaultValue = "rotated", description = "rotated, inverted or inverted-rotated")
    private Domain shift;

    @Option(names = "--train", defaultValue = "all", description = "all, or output: freeze the hidden layers")
    private Trained trained;

    @Option(names = "--rate", defaultValue = "1e-3", description = "Adam's learning rate")
    private double rate;

    @Option(names = "--steps", defaultValue = "800", description = "batches of 64 to train on")
    private int steps;

    @Option(names = "--seed", defaultValue = "1", description = "order of the digits, start of the adapters")
    private int seed;

    public static void main(String[] args) {
        Program.run(new FineTune(), args);
    }

    @Override
    public Integer call() throws Exception {
        Digits digits = Digits.load(data);
        TransferLearning.Builder builder = new TransferLearning.Builder(MultiLayerNetwork.load(base, false))
                .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                        .updater(new Adam(rate))
                        .seed(seed)
                        .build());
        if (trained == Trained.OUTPUT) {
            builder.setFeatureExtractor(1);
        }
        MultiLayerNetwork model = builder.build();

        LossLog losses = new LossLog(steps);
        model.setListeners(losses);
        model.fit(DigitBatches.shuffled(digits.train().first(TRAINING_DIGITS).in(shift), BATCH, steps, seed));

        double accuracy = accuracy(model, digits.test().in(shift));
        double kept = accuracy(model, digits.test());
        System.out.printf(
                "Accuracy on %s digits %.2f %%, on upright digits %.2f %%.%n", shift, 100 * accuracy, 100 * kept);
        Files.createDirectories(out);
        losses.write(out);
        Result.write(out, model, accuracy, kept, losses.medianMillis());
        return 0;
    }

    private static double accuracy(MultiLayerNetwork model, DigitSet test) {
        return model.evaluate(DigitBatches.once(test, 1000)).accuracy();
    }
}
