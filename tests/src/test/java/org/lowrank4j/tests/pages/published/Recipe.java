package org.lowrank4j.tests.pages.published;

import digits.DigitSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.lowrank4j.tests.pages.Arguments;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.lossfunctions.LossFunctions;
import org.nd4j.linalg.schedule.FixedSchedule;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.linalg.schedule.MapSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

/**
 * What all arms of a page have in common: the network, the data and how long it is trained.
 *
 * @param hidden units of each hidden layer
 * @param digits training digits, at most as many as there are beside those for validation
 * @param batch digits in a minibatch
 * @param epochs how often {@code fit} is called, an epoch for DL4J each time
 * @param epochSteps minibatches of a call; the digits are shuffled anew for each
 * @param begin steps that a model to start from was trained for
 * @param fall steps from a network's start in which the rate falls to 0, in {@value #STAIRS} equal stairs; 0 if it stays
 * @param l2 weight of the L2 term
 */
record Recipe(List<Integer> hidden, int digits, int batch, int epochs, int epochSteps, int begin, int fall, double l2) {

    /** Of a rate that falls. */
    static final int STAIRS = 20;

    static Arguments declare(Arguments options) {
        return options.option("hidden", "LIST", "256,256", "units of the hidden layers")
                .option("digits", "N", "20000", "training digits")
                .option("batch", "N", "64", "digits in a minibatch")
                .option("epochs", "N", "4", "calls of fit")
                .option("epoch-steps", "N", "250", "minibatches of a call")
                .option("begin", "N", "0", "steps that were taken before")
                .option("fall", "N", "0", "steps in which the rate falls to 0; 0 for a rate that stays")
                .option("l2", "WEIGHT", "", "weight of the L2 term");
    }

    static Recipe of(Arguments options) {
        return new Recipe(
                Arrays.stream(options.text("hidden").split(","))
                        .map(Integer::valueOf)
                        .toList(),
                options.integer("digits", 1, 1_000_000),
                options.integer("batch", 1, 100_000),
                options.integer("epochs", 1, 100_000),
                options.integer("epoch-steps", 1, 1_000_000),
                options.integer("begin", 0, 1_000_000),
                options.integer("fall", 0, 1_000_000),
                options.has("l2") ? options.positive("l2", 1) : 0);
    }

    /** What {@link #of} reads as this recipe. */
    List<String> arguments() {
        List<String> arguments = new ArrayList<>(List.of(
                "--hidden=" + hidden.stream().map(String::valueOf).collect(Collectors.joining(",")),
                "--digits=" + digits,
                "--batch=" + batch,
                "--epochs=" + epochs,
                "--epoch-steps=" + epochSteps,
                "--begin=" + begin,
                "--fall=" + fall));
        if (l2 > 0) {
            arguments.add("--l2=" + l2);
        }
        return arguments;
    }

    /** Its first epochs. */
    Recipe first(int fewer) {
        return new Recipe(hidden, digits, batch, fewer, epochSteps, begin, fall, l2);
    }

    /** What is left of it after its first epochs. */
    Recipe after(int done) {
        return new Recipe(hidden, digits, batch, epochs - done, epochSteps, begin + done * epochSteps, fall, l2);
    }

    int steps() {
        return epochs * epochSteps;
    }

    /** For example {@code 784-256-256-10}. */
    String network() {
        return DigitSet.PIXELS + "-" + hidden.stream().map(String::valueOf).collect(Collectors.joining("-")) + "-"
                + DigitSet.CLASSES;
    }

    /** Weights and biases. */
    long parameters() {
        long parameters = 0;
        int inputs = DigitSet.PIXELS;
        for (int units : hidden) {
            parameters += (inputs + 1L) * units;
            inputs = units;
        }
        return parameters + (inputs + 1L) * DigitSet.CLASSES;
    }

    /** For a page: {@code 2,000 steps of 64 on 20,000 digits}. */
    String training() {
        return String.format(Locale.ROOT, "%,d steps of %d on %,d digits", steps(), batch, digits);
    }

    /** A new network, ReLU, He's start. */
    MultiLayerNetwork network(Optimiser optimiser, double rate, int seed) {
        NeuralNetConfiguration.ListBuilder layers = new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(optimiser.with(schedule(rate)))
                .weightInit(WeightInit.RELU)
                .activation(Activation.RELU)
                .l2(l2)
                .list();
        for (int units : hidden) {
            layers.layer(new DenseLayer.Builder().nOut(units).build());
        }
        MultiLayerNetwork network =
                new MultiLayerNetwork(layers.layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                                .nOut(DigitSet.CLASSES)
                                .activation(Activation.SOFTMAX)
                                .build())
                        .setInputType(InputType.feedForward(DigitSet.PIXELS))
                        .build());
        network.init();
        return network;
    }

    /** Stairs, because the PolySchedule of DL4J 1.0.0-M2.1 rises instead of falling. */
    private ISchedule schedule(double rate) {
        if (fall == 0) {
            return new FixedSchedule(rate);
        }
        MapSchedule.Builder stairs = new MapSchedule.Builder(ScheduleType.ITERATION);
        for (int i = 0; i < STAIRS; i++) {
            stairs.add(fall * i / STAIRS, rate * (STAIRS - i) / STAIRS);
        }
        return stairs.build();
    }
}
