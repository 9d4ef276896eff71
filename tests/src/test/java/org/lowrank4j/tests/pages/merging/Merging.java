package org.lowrank4j.tests.pages.merging;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.adapter.TrainedAdapter;
import org.lowrank4j.tests.pages.Arm;
import org.lowrank4j.tests.pages.DigitSettings;
import org.lowrank4j.tests.pages.Optimiser;
import org.lowrank4j.tests.pages.Progress;
import org.lowrank4j.tests.pages.RateGrid;
import org.lowrank4j.tests.pages.Recipe;
import org.lowrank4j.tests.pages.Task;
import org.lowrank4j.tests.pages.Training;
import org.lowrank4j.tests.pages.Trials;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Trains an adapter per task on one base model, merges them in every way and writes the page that compares accuracy and
 * storage. Training is done in a JVM of its own with the agent; merging needs none.
 */
@Command(
        name = "merging",
        mixinStandardHelpOptions = true,
        description =
                "Trains adapters for digits turned by several angles, merges them in every way, and writes the page that"
                        + " compares accuracy and storage.")
public final class Merging implements Callable<Integer> {

    static final int TRAINING_DIGITS = 10_000;

    /** The first digits of the training set, which choose between merges and train nothing. */
    static final int VALIDATION_DIGITS = 1_000;

    static final double RATE = 3e-3;

    private static final List<Integer> HIDDEN = List.of(256, 256);
    private static final int BATCH = 64;
    private static final int BASE_SEED = 7;

    /** Lines of the progress beside a way each: base, adapters, reversible merges, truncations. */
    private static final int STAGES = 4;

    @Mixin
    private DigitSettings settings;

    @Option(
            names = "--angles",
            split = ",",
            description = "degrees, an adapter each (-70,-50,-30,-10,10,30,50,70; quick: -45,45,90)")
    private List<Integer> angles;

    @Option(names = "--rank", description = "of every adapter (16; quick: 4)")
    private Integer rank;

    @Option(names = "--steps", description = "batches of 64 per adapter (500; quick: 60)")
    private Integer steps;

    @Override
    public Integer call() throws Exception {
        Trials trials = new Trials(settings, STAGES + Way.values().length);
        Path base = trainBase(trials);
        Map<String, Adapter> adapters = trainAdapters(trials, base);
        MultiLayerNetwork network = (MultiLayerNetwork) ModelFile.read(base).network();
        Results results = new Merges(this, network, adapters, trials.progress()).measure();
        System.out.println();
        page(results).write();
        return 0;
    }

    MergingPage page(Results results) {
        return new MergingPage(this, results);
    }

    DigitSettings settings() {
        return settings;
    }

    /** An adapter each. */
    List<Integer> angles() {
        List<Integer> given = angles != null
                ? angles
                : settings.quick() ? List.of(-45, 45, 90) : List.of(-70, -50, -30, -10, 10, 30, 50, 70);
        if (given.size() < 2 || given.stream().distinct().count() < given.size()) {
            throw settings.wrong("--angles " + given + ": there is something to merge from two different angles on.");
        }
        return given;
    }

    int rank() {
        int least = 2;
        int most = HIDDEN.get(0) / 2;
        if (rank != null && (rank < least || rank > most)) {
            throw settings.wrong("--rank " + rank + " is no number from " + least + " to " + most + ".");
        }
        return rank != null ? rank : settings.quick() ? 4 : 16;
    }

    /** Digits per task to choose merges by. */
    int validation() {
        return settings.quick() ? 200 : VALIDATION_DIGITS;
    }

    /** Test digits per task, at most as many as there are. */
    int test() {
        return settings.quick() ? 1_000 : Integer.MAX_VALUE;
    }

    /** What the agent is told: factors for the hidden layers, the output layer frozen. */
    String rule() {
        return "rank=" + rank() + ",alpha=" + rank() + ",train=none";
    }

    Recipe baseRecipe() {
        return Recipe.plain(HIDDEN, Integer.MAX_VALUE, BATCH, settings.quick() ? 150 : 2_000);
    }

    Recipe recipe() {
        return Recipe.plain(HIDDEN, TRAINING_DIGITS, BATCH, steps != null ? steps : settings.quick() ? 60 : 500);
    }

    private Path trainBase(Trials trials) throws IOException, InterruptedException {
        Arm arm = new Arm("base model", Optimiser.ADAM, RateGrid.of(1e-3), "", "");
        Path models = settings.out().resolve("models/base");
        trials.progress().begin(arm.name());
        trials.train(arm, Training.ofNew(settings.data(), baseRecipe(), 0).savingTo(models), List.of(BASE_SEED));
        trials.progress().end(baseRecipe().steps() + " steps");
        return Training.model(models, BASE_SEED);
    }

    /** By name, in the order of the tasks. */
    private Map<String, Adapter> trainAdapters(Trials trials, Path base) throws IOException, InterruptedException {
        Progress progress = trials.progress();
        Arm arm = new Arm("adapters", Optimiser.ADAM, RateGrid.of(RATE), rule(), "");
        progress.begin(arm.name());
        Map<Training, Integer> seeds = new LinkedHashMap<>();
        for (int angle : angles()) {
            Training training = Training.of(base, settings.data(), Task.turned(angle), recipe(), VALIDATION_DIGITS)
                    .unwatched();
            seeds.put(training.savingTo(settings.out().resolve("models/" + name(angle))), seeds.size() + 1);
        }
        trials.train(arm, seeds);
        ModelFile file = ModelFile.read(base);
        Map<String, Adapter> adapters = new LinkedHashMap<>();
        List<Training> trained = new ArrayList<>(seeds.keySet());
        for (int i = 0; i < trained.size(); i++) {
            ModelFile tuned =
                    ModelFile.read(Training.model(Path.of(trained.get(i).models()), i + 1));
            Path directory = settings.out().resolve("adapters").resolve(name(angles().get(i)));
            PeftDirectory.write(TrainedAdapter.of(file, tuned), directory);
            adapters.put(name(angles().get(i)), PeftDirectory.read(directory));
        }
        progress.end(
                String.format(Locale.ROOT, "%d of rank %d, %d steps each", adapters.size(), rank(), recipe().steps()));
        return adapters;
    }

    /** For files: {@code rot40}, {@code rot-40}. */
    private static String name(int angle) {
        return "rot" + angle;
    }
}
