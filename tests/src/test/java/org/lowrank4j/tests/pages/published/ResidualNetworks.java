package org.lowrank4j.tests.pages.published;

import digits.DigitBatches;
import digits.DigitSet;
import digits.Digits;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.weights.WeightInit;
import org.lowrank4j.compression.Compression;
import org.lowrank4j.compression.FactoredModel;
import org.lowrank4j.compression.RankChoice;
import org.lowrank4j.engine.RulesInForce;
import org.lowrank4j.factorisation.Factorisation;
import org.lowrank4j.rule.RuleBook;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;
import org.nd4j.linalg.schedule.MapSchedule;
import org.nd4j.linalg.schedule.ScheduleType;

/** Trains small residual networks in several ways, cuts them, and prints what each keeps. */
public final class ResidualNetworks {

    /** A line of the output: way, seed, parameters, accuracy as trained, parameters and accuracy of the cut one, and of plain. */
    static final String LINE = "result %s %d %d %.4f %d %.4f %.4f";

    static final int BATCH = 32;
    static final double RATE = 0.05;
    static final int STAIRS = 10;
    private static final int EVALUATED = 500;

    /** The least singular value that stays. */
    static final double LEAST = 0.05;

    /** What is trained, and what cuts it. */
    enum Way {
        PLAIN("", "svd"),
        CHANNEL("trp.interval=20,trp.energy=%s", "svd"),
        SPATIAL("trp.form=spatial,trp.interval=20,trp.energy=%s", "svd-spatial"),
        MAESTRO("maestro.lasso=%s,maestro.shrink=100", "svd");

        final String options;
        final String cut;

        Way(String options, String cut) {
            this.options = options;
            this.cut = cut;
        }

        /** The agent's arguments; empty for stock. */
        String rule(String setting) {
            return this == PLAIN
                    ? ""
                    : "layers=stem:one-*:two-*:three-*,bias=all,update=" + (this == MAESTRO ? "maestro" : "trp") + ","
                            + options.formatted(setting);
        }
    }

    private ResidualNetworks() {}

    /** Arguments: the data, steps, seeds, test digits; then ways with their settings, {@code CHANNEL:0.96}, plain first. */
    public static void main(String[] args) throws Exception {
        Digits digits = Digits.load(args[0]);
        int steps = Integer.parseInt(args[1]);
        DigitSet test = digits.test().first(Integer.parseInt(args[3]));
        network(steps, 1);
        for (int seed = 1; seed <= Integer.parseInt(args[2]); seed++) {
            ComputationGraph plain = null;
            for (String asked : List.of(args).subList(4, args.length)) {
                String[] words = asked.split(":");
                Way way = Way.valueOf(words[0]);
                rule(way.rule(words[1]));
                ComputationGraph network = network(steps, seed);
                network.fit(DigitBatches.shuffled(digits.train(), BATCH, steps, seed));
                rule("");
                plain = plain == null ? network : plain;
                Factorisation method = Compression.method(way.cut);
                ComputationGraph small = FactoredModel.of(network, RankChoice.threshold(LEAST), method);
                System.out.println(String.format(
                        Locale.ROOT,
                        LINE,
                        asked,
                        seed,
                        network.numParams(),
                        accuracy(network, test),
                        small.numParams(),
                        accuracy(small, test),
                        accuracy(cutTo(plain, small.numParams(), method), test)));
            }
        }
    }

    private static void rule(String text) {
        Map<String, String> rule = new LinkedHashMap<>();
        for (String setting : text.isEmpty() ? new String[0] : text.split(",")) {
            rule.put(setting.substring(0, setting.indexOf('=')), setting.substring(setting.indexOf('=') + 1));
        }
        RulesInForce.apply(
                RuleBook.readForTraining(rule, List.of(), List.of(), new Properties(), Map.of()), () -> null);
    }

    /** Plain training cut to at most as many parameters; itself where nothing is to be cut. */
    private static ComputationGraph cutTo(ComputationGraph plain, long parameters, Factorisation method) {
        if (parameters >= plain.numParams()) {
            return plain;
        }
        Compression compression = Compression.of(plain, method, Map.of(), null);
        return (ComputationGraph) compression.model(compression.ranksWithin((double) parameters / plain.numParams()));
    }

    private static double accuracy(ComputationGraph network, DigitSet test) {
        return network.evaluate(DigitBatches.once(test, EVALUATED)).accuracy();
    }

    /** Three blocks of two convolutions of 3 x 3 and a way past them: 16, 32 and 32 filters, after one of stride 2. */
    static ComputationGraph network(int steps, int seed) {
        MapSchedule.Builder stairs = new MapSchedule.Builder(ScheduleType.ITERATION);
        for (int i = 0; i < STAIRS; i++) {
            stairs.add(steps * i / STAIRS, RATE * (STAIRS - i) / STAIRS);
        }
        Nd4j.getRandom().setSeed(seed);
        GraphBuilder graph = new NeuralNetConfiguration.Builder()
                .seed(seed)
                .updater(new Nesterovs(stairs.build(), 0.9))
                .weightInit(WeightInit.RELU)
                .convolutionMode(ConvolutionMode.Same)
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.convolutionalFlat(DigitSet.SIDE, DigitSet.SIDE, 1))
                .addLayer("stem", convolution(3, 16, 2, Activation.RELU), "in");
        block(graph, "one", "stem", 16, 1);
        block(graph, "two", "one", 32, 2);
        block(graph, "three", "two", 32, 1);
        graph.addLayer("pool", new GlobalPoolingLayer.Builder(PoolingType.AVG).build(), "three")
                .addLayer(
                        "output",
                        new OutputLayer.Builder(LossFunction.MCXENT)
                                .nOut(DigitSet.CLASSES)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "pool")
                .setOutputs("output");
        ComputationGraph network = new ComputationGraph(graph.build());
        network.init();
        return network;
    }

    private static void block(GraphBuilder graph, String name, String from, int filters, int stride) {
        String past = from;
        if (stride > 1) {
            past = name + "-past";
            graph.addLayer(past, convolution(1, filters, stride, Activation.IDENTITY), from);
        }
        graph.addLayer(name + "-a", convolution(3, filters, stride, Activation.RELU), from)
                .addLayer(name + "-b", convolution(3, filters, 1, Activation.IDENTITY), name + "-a")
                .addVertex(name + "-sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), name + "-b", past)
                .addLayer(name, new ActivationLayer(Activation.RELU), name + "-sum");
    }

    private static ConvolutionLayer convolution(int side, int filters, int stride, Activation activation) {
        return new ConvolutionLayer.Builder(side, side)
                .nOut(filters)
                .stride(stride, stride)
                .activation(activation)
                .build();
    }
}
