package org.lowrank4j.tests.pages.starts;

import digits.DigitBatches;
import digits.DigitSet;
import digits.Digits;
import digits.LossLog;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.nn.weights.WeightInit;
import org.deeplearning4j.util.ModelSerializer;
import org.lowrank4j.file.Replacement;
import org.lowrank4j.tests.pages.Arguments;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/**
 * Adapts the base model to both tasks in one way: first with every rate on one seed, then with the best rate on the
 * other seeds. An ordinary DL4J program; what differs between the arms is whether the agent is there, with which rule.
 */
public final class Adapt {

    static final int TRAINING_DIGITS = 10_000;
    static final int VALIDATION_DIGITS = 2_000;

    private enum Body {
        TRAINED,
        FROZEN;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final File base;
    private final boolean frozenBody;
    private final int steps;
    private final RateGrid grid;
    private final int seeds;
    private final Digits digits;
    private final List<Measurement> done = new ArrayList<>();

    private Adapt(Arguments options) throws Exception {
        base = options.path("base").toFile();
        frozenBody = options.choice("body", Body.class) == Body.FROZEN;
        steps = options.integer("steps", 2, 1_000_000);
        grid = RateGrid.parse(options.text("rates"));
        seeds = options.integer("seeds", 1, 100);
        digits = Digits.load(options.text("data"));
    }

    public static void main(String[] args) throws Exception {
        new Arguments("Adapt", "Adapts the base model to both tasks, with the best of several rates.")
                .option("base", "FILE", "", "the model zip to start from")
                .option("out", "FILE", "", "where a line per run goes")
                .option("data", "DIR", "", "MNIST directory, or \"drawn\"")
                .option("body", "STATE", "trained", "trained, or frozen: freeze the hidden layers as DL4J does")
                .option("rates", "LIST", RateGrid.DEFAULT, "learning rates to choose from")
                .option("seeds", "N", "3", "runs with the best rate")
                .option("steps", "N", "400", "batches of " + BaseModels.BATCH + " per run")
                .run(args, options -> new Adapt(options).adapt(options.path("out")));
    }

    /** How many networks {@link #main} trains with these options. */
    static int runs(RateGrid grid, int seeds) {
        return Task.values().length * (grid.rates().size() + seeds);
    }

    private void adapt(Path out) throws Exception {
        for (Task task : Task.values()) {
            DigitSet all = task.of(digits.train());
            DataSet validation = DigitBatches.once(all.first(VALIDATION_DIGITS), VALIDATION_DIGITS)
                    .next();
            DigitSet train = all.after(VALIDATION_DIGITS).first(TRAINING_DIGITS);
            double[] losses = new double[grid.rates().size()];
            for (int i = 0; i < losses.length; i++) {
                losses[i] = run(task, grid.rates().get(i), RateGrid.TUNING_SEED, train, validation)
                        .meanLoss();
            }
            double rate = grid.best(losses);
            for (int seed = 1; seed <= seeds; seed++) {
                run(task, rate, seed, train, validation);
            }
        }
        Files.createDirectories(out.toAbsolutePath().getParent());
        Replacement.write(out, done.stream().map(Measurement::line).toList());
    }

    private Measurement run(Task task, double rate, int seed, DigitSet train, DataSet validation) throws Exception {
        MultiLayerNetwork model = network(task, rate, seed);
        StepLog log = new StepLog(steps);
        model.setListeners(log);
        DigitBatches batches = DigitBatches.shuffled(train, BaseModels.BATCH, steps, seed);
        long called = System.nanoTime();
        model.fit(batches);
        Measurement run = new Measurement(
                task,
                rate,
                seed,
                model.score(validation),
                accuracy(model, task.of(digits.test())),
                task.newHead ? Double.NaN : accuracy(model, digits.test().between(Task.LEAST_KNOWN, Task.MOST_KNOWN)),
                trainable(model),
                log.startMillis(called),
                log.losses());
        done.add(run);
        System.out.println(String.format(Locale.ROOT, LossLog.LINE, done.size(), runs(grid, seeds), run.validation()));
        return run;
    }

    private MultiLayerNetwork network(Task task, double rate, int seed) throws Exception {
        MultiLayerNetwork trained = ModelSerializer.restoreMultiLayerNetwork(base, false);
        // A new output layer is drawn from ND4J's generator: the same for every arm.
        Nd4j.getRandom().setSeed(seed);
        TransferLearning.Builder builder = new TransferLearning.Builder(trained)
                .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                        .updater(new Adam(rate))
                        .seed(seed)
                        .build());
        if (task.newHead) {
            builder.nOutReplace(trained.getnLayers() - 1, DigitSet.CLASSES, WeightInit.XAVIER);
        }
        if (frozenBody) {
            builder.setFeatureExtractor(trained.getnLayers() - 2);
        }
        return builder.build();
    }

    private static double accuracy(MultiLayerNetwork model, DigitSet test) {
        return model.evaluate(DigitBatches.once(test, 1000)).accuracy();
    }

    /** What DL4J itself trains; under the agent its report says what really is. */
    private static long trainable(MultiLayerNetwork model) {
        long trainable = 0;
        for (Layer layer : model.getLayers()) {
            trainable += layer instanceof FrozenLayer ? 0 : layer.numParams();
        }
        return trainable;
    }
}
