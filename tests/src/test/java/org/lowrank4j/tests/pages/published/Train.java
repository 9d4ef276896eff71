package org.lowrank4j.tests.pages.published;

import digits.DigitBatches;
import digits.DigitSet;
import digits.Digits;
import digits.LossLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.lowrank4j.file.Replacement;
import org.lowrank4j.tests.pages.Arguments;
import org.lowrank4j.tests.pages.ModelFile;
import org.lowrank4j.tests.pages.starts.RateGrid;
import org.nd4j.linalg.dataset.DataSet;

/**
 * Trains a digit classifier with each of some rates and seeds, and writes a line per network. An ordinary DL4J program; how
 * it trains is the agent's doing.
 */
public final class Train {

    /** The first digits of the training set, which choose rates and train nothing. */
    static final int VALIDATION_DIGITS = 5_000;

    private static final int EVALUATION_BATCH = 1_000;

    private final Recipe recipe;
    private final Optimiser optimiser;
    private final String start;
    private final String models;
    private final Digits digits;
    private final DataSet validation;

    private Train(Arguments options) throws IOException {
        recipe = Recipe.of(options);
        optimiser = options.choice("optimiser", Optimiser.class);
        start = options.text("start");
        models = options.text("models");
        digits = Digits.load(options.text("data"));
        validation = DigitBatches.once(digits.train().first(VALIDATION_DIGITS), VALIDATION_DIGITS)
                .next();
    }

    public static void main(String[] args) throws Exception {
        Recipe.declare(new Arguments("Train", "Trains digit classifiers and notes how it went."))
                .option("data", "DIR", "", "MNIST directory, or \"drawn\"")
                .option("out", "FILE", "", "where a line per network goes")
                .option("optimiser", "NAME", "adam", "sgd, momentum or adam")
                .option("rates", "LIST", "1e-3", "learning rates")
                .option("seeds", "LIST", "1", "seeds")
                .option("start", "DIR", "", "where a model seed-N.zip per seed is, to start from")
                .option("models", "DIR", "", "where a model zip seed-N.zip per seed goes, with a single rate")
                .run(
                        args,
                        options -> new Train(options)
                                .all(
                                        RateGrid.parse(options.text("rates")).rates(),
                                        Arrays.stream(options.text("seeds").split(","))
                                                .map(Integer::valueOf)
                                                .toList(),
                                        options.path("out")));
    }

    /** The file of a seed's model. */
    static Path model(Path directory, int seed) {
        return directory.resolve("seed-" + seed + ".zip");
    }

    private void all(List<Double> rates, List<Integer> seeds, Path out) throws IOException {
        List<String> lines = new ArrayList<>();
        for (double rate : rates) {
            for (int seed : seeds) {
                Run run = run(rate, seed);
                lines.add(run.line());
                System.out.println(String.format(
                        Locale.ROOT, LossLog.LINE, lines.size(), rates.size() * seeds.size(), run.validationLoss()));
            }
        }
        Files.createDirectories(out.toAbsolutePath().getParent());
        Replacement.write(out, lines);
    }

    private Run run(double rate, int seed) throws IOException {
        MultiLayerNetwork network = recipe.network(optimiser, rate, seed);
        if (!start.isEmpty()) {
            Path file = model(Path.of(start), seed);
            network.setParams(ModelSerializer.restoreMultiLayerNetwork(file.toFile(), false)
                    .params());
            network.getLayerWiseConfigurations().setIterationCount(recipe.begin());
        }
        DigitSet train = digits.train().after(VALIDATION_DIGITS).first(recipe.digits());
        StepClock clock = new StepClock(recipe.steps());
        network.setListeners(clock);
        for (int epoch = 0; epoch < recipe.epochs(); epoch++) {
            // Each part of the training sees its own order of the digits, the same for all arms.
            long order = 1_000L * seed + recipe.begin() / recipe.epochSteps() + epoch;
            DigitBatches batches = DigitBatches.shuffled(train, recipe.batch(), recipe.epochSteps(), order);
            clock.begin();
            network.fit(batches);
        }
        if (!models.isEmpty()) {
            ModelFile.write(network, model(Path.of(models), seed));
        }
        double loss = network.score(validation);
        boolean diverged = !Double.isFinite(loss);
        return new Run(
                rate,
                seed,
                loss,
                diverged ? Double.NaN : accuracy(network, digits.train().first(VALIDATION_DIGITS)),
                network.numParams(),
                stateBytes(network),
                PeakMemory.bytes(),
                diverged ? Double.NaN : accuracy(network, digits.test()),
                clock.losses(),
                clock.seconds());
    }

    private static double accuracy(MultiLayerNetwork network, DigitSet digits) {
        return network.evaluate(DigitBatches.once(digits, EVALUATION_BATCH)).accuracy();
    }

    /** What DL4J itself keeps for training; under the agent its report says what there really is. */
    private static long stateBytes(MultiLayerNetwork network) {
        long numbers = network.getFlattenedGradients() == null
                ? 0
                : network.getFlattenedGradients().length();
        if (network.getUpdater(false) != null && network.getUpdater(false).getStateViewArray() != null) {
            numbers += network.getUpdater(false).getStateViewArray().length();
        }
        return numbers * Float.BYTES;
    }
}
