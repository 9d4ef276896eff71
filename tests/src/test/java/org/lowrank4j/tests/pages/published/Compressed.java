package org.lowrank4j.tests.pages.published;

import digits.DigitBatches;
import digits.DigitSet;
import digits.Digits;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration.ListBuilder;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.compression.Calibration;
import org.lowrank4j.compression.Compression;
import org.lowrank4j.compression.ModelComparison;
import org.lowrank4j.factorisation.Factorisation;
import org.lowrank4j.tests.pages.Chart;
import org.lowrank4j.tests.pages.Chart.Axis;
import org.lowrank4j.tests.pages.Chart.Legend;
import org.lowrank4j.tests.pages.Chart.Line;
import org.lowrank4j.tests.pages.Chart.Mark;
import org.lowrank4j.tests.pages.DigitSettings;
import org.lowrank4j.tests.pages.Form;
import org.lowrank4j.tests.pages.Page;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Trained networks cut to several sizes by every factorisation, before and after some steps of healing. */
public final class Compressed {

    private static final int BATCH = 64;
    private static final int EVALUATED = 1_000;

    /** Of the test set. */
    private static final int TEST_DIGITS = 2_000;

    private static final int SEED = 1;
    private static final int TIMED = 100;

    /** Minibatches that the factorisations learn from. */
    private static final int CALIBRATION = 16;

    private static final double RATE = 1e-3;

    /** Of what is healed: its training is at its end. */
    private static final double HEALING_RATE = 3e-4;

    /** A kind of network, untrained. */
    private enum Kind {
        DENSE("784-512-256-10", 400) {
            @Override
            ListBuilder layers(ListBuilder list) {
                return list.layer(new DenseLayer.Builder().nOut(512).build())
                        .layer(new DenseLayer.Builder().nOut(256).build())
                        .layer(head())
                        .setInputType(InputType.feedForward(DigitSet.PIXELS));
            }
        },
        CONVOLUTIONAL(
                "Convolutions of 8 (5 x 5) and 24 (3 x 3) filters, both of stride 2, and dense layers of 64 and 10",
                400) {
            @Override
            ListBuilder layers(ListBuilder list) {
                return list.layer(new ConvolutionLayer.Builder(5, 5)
                                .nOut(8)
                                .stride(2, 2)
                                .build())
                        .layer(new ConvolutionLayer.Builder(3, 3)
                                .nOut(24)
                                .stride(2, 2)
                                .build())
                        .layer(new DenseLayer.Builder().nOut(64).build())
                        .layer(head())
                        .setInputType(InputType.convolutionalFlat(DigitSet.SIDE, DigitSet.SIDE, 1));
            }
        };

        final String words;
        final int steps;

        Kind(String words, int steps) {
            this.words = words;
            this.steps = steps;
        }

        abstract ListBuilder layers(ListBuilder list);

        static OutputLayer head() {
            return new OutputLayer.Builder(LossFunction.MCXENT)
                    .nOut(DigitSet.CLASSES)
                    .activation(Activation.SOFTMAX)
                    .build();
        }

        MultiLayerNetwork network(long seed) {
            MultiLayerNetwork network = new MultiLayerNetwork(layers(new NeuralNetConfiguration.Builder()
                            .seed(seed)
                            .updater(new Adam(RATE))
                            .activation(Activation.RELU)
                            .list())
                    .build());
            network.init();
            return network;
        }

        String title() {
            return name().charAt(0) + name().substring(1).toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A cut network.
     *
     * @param cut its accuracy, 0 to 1
     * @param healed the same after some steps
     * @param time for an example, in parts of the whole network's
     */
    private record Row(String method, double share, long parameters, double cut, double healed, double time) {}

    private final DigitSettings settings;
    private final DigitSet train;
    private final DigitSet test;
    private final List<Double> shares;
    private final int healing;
    private final int calibration;

    public Compressed(DigitSettings settings) throws IOException {
        this.settings = settings;
        Digits digits = Digits.load(settings.data());
        train = digits.train();
        test = digits.test().first(settings.quick() ? 1_000 : TEST_DIGITS);
        calibration = settings.quick() ? 2 : CALIBRATION;
        shares = settings.quick() ? List.of(0.3) : List.of(0.5, 0.25, 0.12);
        healing = settings.quick() ? 20 : 200;
    }

    public void run() throws IOException {
        Page page = Page.onDigits(
                settings,
                "compression",
                "Networks cut after training",
                "Every [factorisation](methods.md#factorisations) cuts a trained digit classifier to a share of its parameters, with two"
                        + " stock layers in the place of one, and the cut network is trained on for a moment.");
        page.section("Setting");
        page.item(String.format(
                Locale.ROOT,
                "Adam at %s, batches of %d, and ReLU; the methods learn from %d digits of the training set, with their labels where they"
                        + " need them. Ranks by `--keep`: the share of the parameters of the whole network.",
                RATE,
                BATCH,
                calibration * BATCH));
        page.item(String.format(
                Locale.ROOT,
                "Healing: %d steps of stock DL4J on the training set, with a fresh Adam at %s; it lasts the same for all. The whole"
                        + " network is not trained on: its accuracy is that before the cut.",
                healing,
                HEALING_RATE));
        page.item(String.format(
                Locale.ROOT,
                "Time: the median of up to 31 passes of %d digits, measured by turns with the whole network, in parts of the"
                        + " whole network's.",
                TIMED));
        page.item(String.format(
                Locale.ROOT,
                "Accuracy: on the first %,d test digits. There is one network of each kind, so that differences below half a point"
                        + " say nothing.",
                test.size()));
        page.item(
                "Everything is measured with the cut network as stock DL4J reads it from its file, in a JVM without the agent.");
        page.item(
                "At the same ranks `pela` and `svd` have the same factors, `greenformers` the same product, and `lord` by outputs"
                        + " those of `afm`: they differ in where a layer stays whole, and in how they heal.");
        for (Kind kind : Kind.values()) {
            section(page, kind);
        }
        page.write();
    }

    private void section(Page page, Kind kind) throws IOException {
        MultiLayerNetwork network = kind.network(SEED);
        train(network, steps(kind), SEED);
        Calibration data = Calibration.of(DigitBatches.shuffled(train, BATCH, calibration, SEED), calibration);
        Calibration timed = Calibration.of(DigitBatches.once(test, TIMED), 1);
        List<Row> rows = new ArrayList<>();
        for (Factorisation method : Compression.methods().values()) {
            Compression compression = Compression.of(network, method, Map.of(), data);
            for (double share : shares) {
                MultiLayerNetwork small = reopened(
                        (MultiLayerNetwork) compression.model(compression.ranksWithin(share)),
                        kind + "-" + method.name() + "-" + share);
                double cut = accuracy(small);
                double[] seconds = ModelComparison.seconds(network, small, timed);
                small.setLearningRate(HEALING_RATE);
                train(small, healing, SEED + 1);
                rows.add(new Row(
                        method.name(), share, small.numParams(), cut, accuracy(small), seconds[1] / seconds[0]));
            }
            System.out.println(kind.title() + ": " + method.name());
        }
        table(page, kind, network, rows);
        String suffix = "-" + kind.name().toLowerCase(Locale.ROOT);
        page.chart(
                suffix,
                kind.title() + ": accuracy against parameters",
                chart(kind, "parameters", rows, Row::parameters));
        page.chart(
                suffix + "-time",
                kind.title() + ": accuracy against time",
                chart(kind, "time for an example, in parts of the whole network's", rows, Row::time));
    }

    /** As it comes out of its file, without the agent. */
    private MultiLayerNetwork reopened(MultiLayerNetwork small, String name) throws IOException {
        File file = Files.createDirectories(settings.out().resolve("models"))
                .resolve(name + ".zip")
                .toFile();
        small.save(file, true);
        return MultiLayerNetwork.load(file, true);
    }

    private int steps(Kind kind) {
        return settings.quick() ? 60 : kind.steps;
    }

    private void train(MultiLayerNetwork network, int steps, long seed) {
        network.fit(DigitBatches.shuffled(train, BATCH, steps, seed));
    }

    private double accuracy(MultiLayerNetwork network) {
        return network.evaluate(DigitBatches.once(test, EVALUATED)).accuracy();
    }

    private void table(Page page, Kind kind, MultiLayerNetwork network, List<Row> rows) {
        page.section(kind.title());
        page.paragraph(String.format(
                Locale.ROOT,
                "%s: %,d parameters, trained for %d steps; %s of the test digits are right.",
                kind.words,
                network.numParams(),
                steps(kind),
                Form.PERCENT.apply(accuracy(network))));
        page.header("method", "share", "parameters", "accuracy, cut", "healed", "time");
        for (Row row : rows) {
            page.row(List.of(
                    "`" + row.method + "`",
                    Double.toString(row.share),
                    Form.COUNT.apply(row.parameters),
                    Form.PERCENT.apply(row.cut),
                    Form.PERCENT.apply(row.healed),
                    String.format(Locale.ROOT, "%.2f", row.time)));
        }
    }

    /** Each method before healing as dashes and after it as dots. */
    private static Chart chart(Kind kind, String across, List<Row> rows, ToDoubleFunction<Row> measured) {
        double lowest = rows.stream().mapToDouble(Row::cut).min().orElseThrow();
        Chart chart = new Chart(
                kind.title() + ": dashes as cut, dots after healing",
                Axis.logarithmicOver(across, rows.stream().mapToDouble(measured).toArray()),
                new Axis("test accuracy, %", Math.max(100 * lowest - 1, 60), 100, false),
                Legend.BESIDE);
        int colour = 0;
        for (String method : Compression.methods().keySet()) {
            List<Row> inOrder = rows.stream()
                    .filter(row -> row.method.equals(method))
                    .sorted(Comparator.comparingDouble(measured))
                    .toList();
            chart.add(line(method, inOrder, measured, Row::healed, Mark.DOTS), colour);
            chart.add(line(method + ", cut", inOrder, measured, Row::cut, Mark.DASHES), colour);
            colour++;
        }
        return chart;
    }

    private static Line line(
            String name, List<Row> rows, ToDoubleFunction<Row> x, ToDoubleFunction<Row> accuracy, Mark mark) {
        return new Line(
                name,
                rows.stream().mapToDouble(x).toArray(),
                rows.stream()
                        .mapToDouble(row -> 100 * accuracy.applyAsDouble(row))
                        .toArray(),
                mark);
    }
}
