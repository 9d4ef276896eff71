package org.lowrank4j.tests.pages.rates;

import digits.DigitBatches;
import digits.DigitSet;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.lowrank4j.engine.RulesInForce;
import org.lowrank4j.rule.RuleBook;
import org.lowrank4j.tests.pages.Optimiser;
import org.lowrank4j.tests.pages.Recipe;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * What is learned.
 *
 * @param base parameters to begin with; null for those of a new network
 */
record Lesson(String name, DigitSet train, DigitSet test, INDArray base) {

    static final int BATCH = 64;
    private static final int EVALUATION_BATCH = 1_000;
    private static final Recipe RECIPE = Recipe.plain(List.of(256, 128), 0, BATCH, 0);

    /** Of the program: {@code rate} replaces it. */
    private static final double RATE = 1e-3;

    static String words() {
        return RECIPE.network();
    }

    /** A network under a rule, which is empty for stock DL4J. */
    MultiLayerNetwork network(Map<String, String> rule, int seed) {
        RulesInForce.apply(
                RuleBook.readForTraining(rule, List.of(), List.of(), new Properties(), Map.of()), () -> null);
        Nd4j.getRandom().setSeed(seed);
        MultiLayerNetwork network = RECIPE.network(Optimiser.ADAM, RATE, seed);
        if (base != null) {
            network.setParams(base);
        }
        return network;
    }

    /** What {@link Lesson} begins with where it has a base. */
    static INDArray learned(DigitSet digits, int steps, int seed) {
        Lesson lesson = new Lesson("base", digits, digits, null);
        MultiLayerNetwork network = lesson.network(Map.of(), seed);
        lesson.losses(network, steps, seed);
        return network.params().dup();
    }

    DigitBatches batches(int steps, int seed) {
        return DigitBatches.shuffled(train, BATCH, steps, seed);
    }

    /** Trains a network; the loss of each step, of fewer if it is not finite any more. */
    double[] losses(MultiLayerNetwork network, int steps, int seed) {
        DigitBatches batches = batches(steps, seed);
        double[] losses = new double[steps];
        for (int step = 0; step < steps; step++) {
            network.fit(batches.next());
            losses[step] = network.score();
            if (!Double.isFinite(losses[step])) {
                return Arrays.copyOf(losses, step + 1);
            }
        }
        return losses;
    }

    double accuracy(MultiLayerNetwork network) {
        return network.evaluate(DigitBatches.once(test, EVALUATION_BATCH)).accuracy();
    }

    /** What the agent says while something runs. */
    static String said(Runnable program) {
        PrintStream before = System.err;
        ByteArrayOutputStream heard = new ByteArrayOutputStream();
        System.setErr(new PrintStream(heard, true, StandardCharsets.UTF_8));
        try {
            program.run();
        } finally {
            System.setErr(before);
        }
        return heard.toString(StandardCharsets.UTF_8);
    }

    /**
     * The processor time of a step of two networks in milliseconds: the medians of rounds in which they train by turns.
     *
     * @param rounds of {@code each} steps
     */
    double[] millis(MultiLayerNetwork one, MultiLayerNetwork other, int rounds, int each) {
        double[][] spent = new double[2][rounds];
        DataSet data = batches(1, 1).next();
        for (int round = -1; round < rounds; round++) {
            for (int i = 0; i < 2; i++) {
                MultiLayerNetwork network = i == 0 ? one : other;
                long begin = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
                for (int step = 0; step < each; step++) {
                    network.fit(data);
                }
                if (round >= 0) {
                    spent[i][round] =
                            (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - begin) / 1e6 / each;
                }
            }
        }
        return new double[] {median(spent[0]), median(spent[1])};
    }

    private static double median(double[] values) {
        Arrays.sort(values);
        return values[values.length / 2];
    }
}
