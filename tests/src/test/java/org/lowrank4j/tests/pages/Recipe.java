package org.lowrank4j.tests.pages;

import digits.DigitSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
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
 * @param named whether its layers are hidden1, hidden2, ... and output, or what DL4J calls them; factors are drawn by these names
 * @param digits training digits, at most as many as there are beside those for validation
 * @param batch digits in a minibatch
 * @param epochs how often {@code fit} is called, an epoch for DL4J each time
 * @param epochSteps minibatches of a call; the digits are shuffled anew for each
 * @param orders by how much the order of the digits of one seed is apart from that of the next; each epoch has the next
 * @param begin steps that a model to start from was trained for
 * @param fall steps from a network's start in which the rate falls to 0, in {@value #STAIRS} equal stairs; 0 if it stays
 * @param l2 weight of the L2 term
 */
public record Recipe(
        List<Integer> hidden,
        boolean named,
        int digits,
        int batch,
        int epochs,
        int epochSteps,
        int orders,
        int begin,
        int fall,
        double l2) {

    /** Of a rate that falls. */
    public static final int STAIRS = 20;

    /** Its first epochs. */
    public Recipe first(int fewer) {
        return new Recipe(hidden, named, digits, batch, fewer, epochSteps, orders, begin, fall, l2);
    }

    /** What is left of it after its first epochs. */
    public Recipe after(int done) {
        return new Recipe(
                hidden, named, digits, batch, epochs - done, epochSteps, orders, begin + done * epochSteps, fall, l2);
    }

    /** What the digits are shuffled with: the same for all arms, and for a training in one or in several parts. */
    long order(int seed, int epoch) {
        return (long) orders * seed + begin / epochSteps + epoch;
    }

    public int steps() {
        return epochs * epochSteps;
    }

    /** For example {@code 784-256-256-10}. */
    public String network() {
        return DigitSet.PIXELS + "-" + hidden.stream().map(String::valueOf).collect(Collectors.joining("-")) + "-"
                + DigitSet.CLASSES;
    }

    /** Weights and biases. */
    public long parameters() {
        long parameters = 0;
        int inputs = DigitSet.PIXELS;
        for (int units : hidden) {
            parameters += (inputs + 1L) * units;
            inputs = units;
        }
        return parameters + (inputs + 1L) * DigitSet.CLASSES;
    }

    /** For a page: {@code 2,000 steps of 64 on 20,000 digits}. */
    public String training() {
        return String.format(Locale.ROOT, "%,d steps of %d on %,d digits", steps(), batch, digits);
    }

    /** One part of some steps, in which the order of the digits has the seed of the network, at a rate that stays. */
    public static Recipe plain(List<Integer> hidden, int digits, int batch, int steps) {
        return new Recipe(hidden, true, digits, batch, 1, steps, 1, 0, 0, 0);
    }

    /** A new network, ReLU, He's start. */
    public MultiLayerNetwork network(Optimiser optimiser, double rate, int seed) {
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
        layers.layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                .nOut(DigitSet.CLASSES)
                .activation(Activation.SOFTMAX)
                .build());
        MultiLayerConfiguration configuration =
                layers.setInputType(InputType.feedForward(DigitSet.PIXELS)).build();
        for (int i = 0; named && i <= hidden.size(); i++) {
            configuration.getConf(i).getLayer().setLayerName(i < hidden.size() ? "hidden" + (i + 1) : "output");
        }
        MultiLayerNetwork network = new MultiLayerNetwork(configuration);
        network.init();
        return network;
    }

    /** Stairs, because the PolySchedule of DL4J 1.0.0-M2.1 rises instead of falling. */
    ISchedule schedule(double rate) {
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
