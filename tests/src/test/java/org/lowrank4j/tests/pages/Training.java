package org.lowrank4j.tests.pages;

import digits.DigitSet;
import java.io.File;
import java.nio.file.Path;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.transferlearning.FineTuneConfiguration;
import org.deeplearning4j.nn.transferlearning.TransferLearning;
import org.deeplearning4j.nn.weights.WeightInit;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.factory.Nd4j;

/**
 * How a network is made and trained, apart from its rate and seed.
 *
 * @param data a MNIST directory, or {@code drawn}
 * @param task which digits, and how they are turned
 * @param kept what it should still know at the end; null if nobody asks
 * @param validation the first digits of the task, which choose rates and train nothing
 * @param base the model zip to fine-tune; empty for a new network of the recipe
 * @param head what happens to the base's layers
 * @param watched whether a listener notes the steps, for which W moves in every step; it may lag behind its factors otherwise
 * @param start where a model per seed is whose weights a new network goes on from; empty for none
 * @param models where the trained model of each seed goes; empty for nowhere
 */
public record Training(
        String data,
        Task task,
        Task kept,
        int validation,
        Recipe recipe,
        Optimiser optimiser,
        String base,
        Head head,
        boolean watched,
        String start,
        String models) {

    /** What happens to the layers of a base model. */
    public enum Head {
        /** All layers stay, and what trains is the agent's doing. */
        SAME,
        /** A new output layer. */
        NEW,
        /** All layers stay, and DL4J freezes all but the output layer. */
        SAME_ALONE,
        /** A new output layer, and DL4J freezes all others. */
        NEW_ALONE
    }

    /** A new network on all digits. */
    public static Training ofNew(String data, Recipe recipe, int validation) {
        return new Training(data, Task.ALL, null, validation, recipe, Optimiser.ADAM, "", Head.SAME, true, "", "");
    }

    /** A base model on another task. */
    public static Training of(Path base, String data, Task task, Recipe recipe, int validation) {
        return new Training(
                data, task, null, validation, recipe, Optimiser.ADAM, base.toString(), Head.SAME, true, "", "");
    }

    public Training with(Optimiser other) {
        return new Training(data, task, kept, validation, recipe, other, base, head, watched, start, models);
    }

    public Training with(Head other) {
        return new Training(data, task, kept, validation, recipe, optimiser, base, other, watched, start, models);
    }

    public Training on(Task other) {
        return new Training(data, other, kept, validation, recipe, optimiser, base, head, watched, start, models);
    }

    public Training keeping(Task known) {
        return new Training(data, task, known, validation, recipe, optimiser, base, head, watched, start, models);
    }

    /** Without the losses of the steps. */
    public Training unwatched() {
        return new Training(data, task, kept, validation, recipe, optimiser, base, head, false, start, models);
    }

    public Training startingFrom(Path directory) {
        return new Training(
                data, task, kept, validation, recipe, optimiser, base, head, watched, directory.toString(), models);
    }

    public Training savingTo(Path directory) {
        return new Training(
                data, task, kept, validation, recipe, optimiser, base, head, watched, start, directory.toString());
    }

    /** The file of a seed's model in a directory of them. */
    public static Path model(Path directory, int seed) {
        return directory.resolve("seed-" + seed + ".zip");
    }

    /** The network before its first step. */
    MultiLayerNetwork network(double rate, int seed) throws Exception {
        if (!base.isEmpty()) {
            return fineTuned(rate, seed);
        }
        MultiLayerNetwork network = recipe.network(optimiser, rate, seed);
        if (!start.isEmpty()) {
            File file = model(Path.of(start), seed).toFile();
            network.setParams(
                    ModelSerializer.restoreMultiLayerNetwork(file, false).params());
            network.getLayerWiseConfigurations().setIterationCount(recipe.begin());
        }
        return network;
    }

    private MultiLayerNetwork fineTuned(double rate, int seed) throws Exception {
        MultiLayerNetwork trained = ModelSerializer.restoreMultiLayerNetwork(new File(base), false);
        // A new output layer is drawn from ND4J's generator: the same for every arm.
        Nd4j.getRandom().setSeed(seed);
        TransferLearning.Builder builder = new TransferLearning.Builder(trained)
                .fineTuneConfiguration(new FineTuneConfiguration.Builder()
                        .updater(optimiser.with(recipe.schedule(rate)))
                        .seed(seed)
                        .build());
        if (head == Head.NEW || head == Head.NEW_ALONE) {
            builder.nOutReplace(trained.getnLayers() - 1, DigitSet.CLASSES, WeightInit.XAVIER);
        }
        if (head == Head.SAME_ALONE || head == Head.NEW_ALONE) {
            builder.setFeatureExtractor(trained.getnLayers() - 2);
        }
        return builder.build();
    }
}
