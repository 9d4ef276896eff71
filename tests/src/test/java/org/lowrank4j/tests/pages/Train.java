package org.lowrank4j.tests.pages;

import digits.DigitBatches;
import digits.DigitSet;
import digits.Digits;
import digits.LossLog;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.layers.FrozenLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.shade.jackson.core.type.TypeReference;

/** Trains the networks of some trials and notes how it went. An ordinary DL4J program; how it trains is the agent's doing. */
public final class Train {

    private static final int EVALUATION_BATCH = 1_000;

    /**
     * The digits of a trial.
     *
     * @param aside trained on by nobody; may be empty
     * @param kept to test what the network knew before; null if nobody asks
     */
    private record Sets(DigitSet train, DigitSet aside, DigitSet test, DigitSet kept) {}

    private final List<List<Run>> all = new ArrayList<>();
    private int done;

    private Train() {}

    /** Reads a file of trials and writes one of runs, a list per trial. */
    public static void main(String[] args) throws Exception {
        List<Trial> trials = Json.read(Path.of(args[0]), new TypeReference<List<Trial>>() {});
        Train train = new Train();
        // All trials of a file are about the same data.
        Digits digits = Digits.load(trials.get(0).training().data());
        int networks = trials.stream().mapToInt(Trial::networks).sum();
        for (Trial trial : trials) {
            train.run(trial, digits, networks);
        }
        Json.write(Path.of(args[1]), train.all);
    }

    private void run(Trial trial, Digits digits, int networks) throws Exception {
        Training training = trial.training();
        DigitSet train = training.task()
                .of(digits.train(), training.validation() + training.recipe().digits());
        Sets sets = new Sets(
                train.after(training.validation()),
                train.first(training.validation()),
                training.task().of(digits.test()),
                training.kept() == null ? null : training.kept().of(digits.test()));
        List<Run> runs = new ArrayList<>();
        all.add(runs);
        List<Double> rates = trial.rates();
        if (trial.criterion() != null) {
            double[] losses = new double[rates.size()];
            for (int i = 0; i < losses.length; i++) {
                runs.add(run(training, sets, rates.get(i), RateGrid.TUNING_SEED, networks));
                losses[i] = trial.criterion().of(runs.get(i));
            }
            rates = List.of(new RateGrid(rates).best(losses));
        }
        for (double rate : rates) {
            for (int seed : trial.seeds()) {
                runs.add(run(training, sets, rate, seed, networks));
            }
        }
    }

    private Run run(Training training, Sets sets, double rate, int seed, int networks) throws Exception {
        Recipe recipe = training.recipe();
        MultiLayerNetwork network = training.network(rate, seed);
        StepClock clock = new StepClock(recipe.steps());
        if (training.watched()) {
            network.setListeners(clock);
        }
        for (int epoch = 0; epoch < recipe.epochs(); epoch++) {
            DigitBatches batches =
                    DigitBatches.shuffled(sets.train(), recipe.batch(), recipe.epochSteps(), recipe.order(seed, epoch));
            clock.begin();
            network.fit(batches);
        }
        if (!training.models().isEmpty()) {
            ModelFile.write(network, Training.model(Path.of(training.models()), seed));
        }
        double loss = sets.aside().size() == 0 ? network.score() : network.score(whole(sets.aside()));
        boolean sound = Double.isFinite(loss);
        Run run = new Run(
                rate,
                seed,
                sixDecimals(loss),
                sixDecimals(sound && sets.aside().size() > 0 ? accuracy(network, sets.aside()) : Double.NaN),
                sixDecimals(sound ? accuracy(network, sets.test()) : Double.NaN),
                sixDecimals(sound && sets.kept() != null ? accuracy(network, sets.kept()) : Double.NaN),
                trainable(network),
                stateBytes(network),
                PeakMemory.bytes(),
                clock.startMillis(),
                DoubleStream.of(clock.losses()).map(Train::sixDecimals).toArray(),
                DoubleStream.of(clock.seconds()).map(Train::sixDecimals).toArray());
        System.out.println(String.format(Locale.ROOT, LossLog.LINE, ++done, networks, loss));
        return run;
    }

    /** Six decimals of a number, which is what a file of runs has. */
    private static double sixDecimals(double number) {
        return Double.parseDouble(String.format(Locale.ROOT, "%.6f", number));
    }

    private static DataSet whole(DigitSet digits) {
        return DigitBatches.once(digits, digits.size()).next();
    }

    private static double accuracy(MultiLayerNetwork network, DigitSet digits) {
        return network.evaluate(DigitBatches.once(digits, EVALUATION_BATCH)).accuracy();
    }

    /** What DL4J itself trains; under the agent its report says what really is. */
    private static long trainable(MultiLayerNetwork network) {
        long trainable = 0;
        for (Layer layer : network.getLayers()) {
            trainable += layer instanceof FrozenLayer ? 0 : layer.numParams();
        }
        return trainable;
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
