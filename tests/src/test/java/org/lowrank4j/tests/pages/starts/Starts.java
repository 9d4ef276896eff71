package org.lowrank4j.tests.pages.starts;

import digits.DigitBatches;
import digits.DigitSet;
import digits.Digits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.tests.pages.Arm;
import org.lowrank4j.tests.pages.Criterion;
import org.lowrank4j.tests.pages.DigitSettings;
import org.lowrank4j.tests.pages.ModelFile;
import org.lowrank4j.tests.pages.Optimiser;
import org.lowrank4j.tests.pages.RateGrid;
import org.lowrank4j.tests.pages.Recipe;
import org.lowrank4j.tests.pages.Result;
import org.lowrank4j.tests.pages.Training;
import org.lowrank4j.tests.pages.Training.Head;
import org.lowrank4j.tests.pages.Trials;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Adapts one base model from every start of the factors and writes the page that compares them. */
@Command(
        name = "starts",
        mixinStandardHelpOptions = true,
        description = "Adapts a digit classifier to two tasks from every start of the factors, and writes the page that"
                + " compares them.")
public final class Starts implements Callable<Integer> {

    static final int TRAINING_DIGITS = 10_000;

    /** The first digits of a task, which nothing is trained on. */
    private static final int VALIDATION_DIGITS = 2_000;

    private static final List<Integer> HIDDEN = List.of(256, 256);
    private static final int BATCH = 64;
    private static final int BASE_SEED = 7;

    @Mixin
    private DigitSettings settings;

    @Option(names = "--arms", description = "rows of the table, separated by commas (all; quick: full,kaiming)")
    private String arms;

    @Option(names = "--rates", description = "learning rates that each row chooses from (" + RateGrid.DEFAULT + ")")
    private String rates;

    @Option(names = "--steps", description = "batches of 64 per run, at least 100 (400; quick: 120)")
    private Integer steps;

    @Option(names = "--loss", defaultValue = "0.3", description = "count the steps to this smoothed training loss")
    private double targetLoss;

    @Override
    public Integer call() throws Exception {
        requireMethods();
        Trials trials = new Trials(settings, starts().size() + 1);
        Map<Start.Base, Path> bases = makeBases(trials);
        Map<Start.Base, Double> accuracies = new EnumMap<>(Start.Base.class);
        DigitSet known = Target.KNOWN.of(Digits.load(settings.data()).test());
        for (Map.Entry<Start.Base, Path> base : bases.entrySet()) {
            accuracies.put(
                    base.getKey(),
                    read(base.getValue())
                            .evaluate(DigitBatches.once(known, 1000))
                            .accuracy());
        }
        Map<Start, List<Result>> results = new LinkedHashMap<>();
        for (Start start : starts()) {
            results.put(start, run(trials, start, bases));
        }
        System.out.println();
        page(accuracies, results).write();
        return 0;
    }

    /** @param results of every start, one for each target */
    StartsPage page(Map<Start.Base, Double> accuracies, Map<Start, List<Result>> results) {
        return new StartsPage(this, accuracies, results);
    }

    DigitSettings settings() {
        return settings;
    }

    double targetLoss() {
        return targetLoss;
    }

    /** The rows, in the order of the table. */
    List<Start> starts() {
        try {
            return Arms.of(arms != null ? arms : settings.quick() ? "full,kaiming" : "all");
        } catch (IllegalArgumentException unknown) {
            throw settings.wrong("--arms: " + unknown.getMessage());
        }
    }

    RateGrid grid() {
        try {
            return RateGrid.parse(rates != null ? rates : settings.quick() ? "3e-3" : RateGrid.DEFAULT);
        } catch (IllegalArgumentException wrong) {
            throw settings.wrong("--" + wrong.getMessage());
        }
    }

    Recipe baseRecipe() {
        return Recipe.plain(HIDDEN, Integer.MAX_VALUE, BATCH, settings.quick() ? 150 : 1_500);
    }

    Recipe recipe() {
        if (steps != null && steps < 100) {
            throw settings.wrong("--steps " + steps + ": the tables show the loss after 100.");
        }
        return Recipe.plain(HIDDEN, TRAINING_DIGITS, BATCH, steps != null ? steps : settings.quick() ? 120 : 400);
    }

    /** Before anything is trained, so that a missing method does not show after minutes. */
    private void requireMethods() throws IOException {
        List<String> missing = Arms.missing(starts(), Methods.load());
        if (!missing.isEmpty()) {
            throw new IOException("These rows of the table name a method that lowrank4j does not have: "
                    + String.join(", ", missing) + ". Leave them out with --arms LIST.");
        }
    }

    private static MultiLayerNetwork read(Path file) throws IOException {
        return ModelSerializer.restoreMultiLayerNetwork(file.toFile(), false);
    }

    /** The base model, and a copy of fewer bits. */
    private Map<Start.Base, Path> makeBases(Trials trials) throws IOException, InterruptedException {
        Path models = settings.out().resolve("models");
        Arm arm = new Arm("base model", Optimiser.ADAM, RateGrid.of(1e-3), "", "");
        trials.progress().begin(arm.name());
        Training training = Training.ofNew(settings.data(), baseRecipe(), 0)
                .on(Target.KNOWN)
                .savingTo(models);
        trials.train(arm, training, List.of(BASE_SEED));
        Path trained = Training.model(models, BASE_SEED);
        MultiLayerNetwork network = read(trained);
        for (int layer = 0; layer < network.getnLayers() - 1; layer++) {
            RoundedWeights.round(network.getLayer(layer).getParam("W"));
        }
        Path rounded = models.resolve("rounded.zip");
        ModelFile.write(network, rounded);
        trials.progress()
                .end(String.format(Locale.ROOT, "%,d steps", baseRecipe().steps()));
        return new EnumMap<>(Map.of(Start.Base.TRAINED, trained, Start.Base.ROUNDED, rounded));
    }

    private List<Result> run(Trials trials, Start start, Map<Start.Base, Path> bases)
            throws IOException, InterruptedException {
        String rule = start.agentArguments(bases.get(Start.Base.TRAINED).toString());
        boolean alone = start.training() == Start.How.STOCK_FROZEN_BODY;
        List<Training> trainings = new ArrayList<>();
        for (Target target : Target.values()) {
            Training training = Training.of(
                            bases.get(start.base()), settings.data(), target.task, recipe(), VALIDATION_DIGITS)
                    .with(target.newHead ? alone ? Head.NEW_ALONE : Head.NEW : alone ? Head.SAME_ALONE : Head.SAME);
            trainings.add(target.newHead ? training : training.keeping(Target.KNOWN));
        }
        Arm arm = new Arm(start.name(), Optimiser.ADAM, grid(), rule, start.note());
        return trials.run(arm, trainings, Criterion.MEAN_LOSS);
    }
}
