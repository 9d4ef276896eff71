package org.lowrank4j.tests.pages.merging;

import digits.DigitBatches;
import digits.DigitSet;
import digits.Digits;
import digits.LossLog;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.util.ModelSerializer;
import org.lowrank4j.tests.pages.Arguments;
import org.lowrank4j.tests.pages.ModelFile;
import org.nd4j.linalg.learning.config.Adam;

/**
 * Fine-tunes the base model on every task, each time from the start and with a seed of its own. An ordinary DL4J program;
 * that it trains adapters is the agent's doing.
 */
public final class TrainAdapters {

    static final int TRAINING_DIGITS = 10_000;

    /** The first digits of the training set, which choose between merges and train nothing. */
    static final int VALIDATION_DIGITS = 1_000;

    static final double RATE = 3e-3;

    private TrainAdapters() {}

    public static void main(String[] args) throws Exception {
        new Arguments("TrainAdapters", "Fine-tunes the base model on digits turned by several angles.")
                .option("base", "FILE", "", "the model zip to start from")
                .option("out", "DIR", "", "where a model zip per angle goes")
                .option("data", "DIR", "", "MNIST directory, or \"drawn\"")
                .option("angles", "LIST", "", "degrees, separated by commas")
                .option("steps", "N", "500", "batches of " + BaseModel.BATCH + " per angle")
                .run(args, TrainAdapters::train);
    }

    private static void train(Arguments options) throws Exception {
        File base = options.path("base").toFile();
        Path out = options.path("out");
        int steps = options.integer("steps", 1, 1_000_000);
        DigitSet digits = Digits.load(options.text("data"))
                .train()
                .after(VALIDATION_DIGITS)
                .first(TRAINING_DIGITS);
        List<Rotation> tasks = MergingSettings.angles(options.text("angles"));
        for (int i = 0; i < tasks.size(); i++) {
            Rotation task = tasks.get(i);
            int seed = i + 1;
            MultiLayerNetwork model = new TransferLearning.Builder(
                            ModelSerializer.restoreMultiLayerNetwork(base, false))
                    .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                            .updater(new Adam(RATE))
                            .seed(seed)
                            .build())
                    .build();
            model.fit(DigitBatches.shuffled(task.of(digits), BaseModel.BATCH, steps, seed));
            ModelFile.write(model, out.resolve(task.title() + ".zip"));
            System.out.println(String.format(Locale.ROOT, LossLog.LINE, i + 1, tasks.size(), model.score()));
        }
    }
}
