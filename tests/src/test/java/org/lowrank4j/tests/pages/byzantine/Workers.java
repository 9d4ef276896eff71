package org.lowrank4j.tests.pages.byzantine;

import digits.DigitBatches;
import digits.DigitSet;
import digits.Digits;
import digits.LossLog;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.parallelism.ParallelWrapper;
import org.deeplearning4j.parallelism.ParallelWrapper.TrainingMode;
import org.lowrank4j.engine.RulesInForce;
import org.lowrank4j.gradient.exchange.Exchange;
import org.lowrank4j.rule.RuleBook;
import org.lowrank4j.tests.pages.Optimiser;
import org.lowrank4j.tests.pages.Recipe;
import org.lowrank4j.tests.pages.Task;
import org.lowrank4j.updater.Updater;
import org.nd4j.linalg.dataset.DataSet;

/** Fine-tunes networks by seven workers, some of them hostile, and prints how many test digits each recognises in the end. */
public final class Workers {

    /** A line of the output: exchange, attack, hostile workers, seed, accuracy. */
    static final String LINE = "result %s %s %d %d %.4f";

    static final int BATCH = 16;
    static final int BASE_STEPS = 400;
    static final int BASE_BATCH = 64;
    static final int HIDDEN = 64;
    static final int RANK = 8;
    static final int DEGREES = 60;
    static final double RATE = 0.2;
    static final int TEST_DIGITS = 2_000;
    private static final int EVALUATION_BATCH = 500;

    private Workers() {}

    /** Arguments: the data, a folder for what it makes, rounds of minibatches, seeds, hostile workers at most. */
    public static void main(String[] args) throws Exception {
        Digits digits = Digits.load(args[0]);
        Thread.currentThread().setContextClassLoader(services(Path.of(args[1])));
        int rounds = Integer.parseInt(args[2]);
        int seeds = Integer.parseInt(args[3]);
        int most = Integer.parseInt(args[4]);
        // The first network of a JVM makes the agent read the JVM's own rules.
        recipe().network(Optimiser.SGD, RATE, 1);
        DigitSet turned = Task.turned(DEGREES).of(digits.train(), HostileSgd.WORKERS * BATCH * rounds);
        DigitSet test = Task.turned(DEGREES).of(digits.test(), TEST_DIGITS);
        int all = seeds * (1 + most * (Attack.values().length - 1)) * 3;
        int done = 0;
        for (int seed = 1; seed <= seeds; seed++) {
            MultiLayerNetwork base = base(digits.train(), seed);
            for (Attack attack : Attack.values()) {
                for (int hostile = attack == Attack.NONE ? 0 : 1;
                        hostile <= (attack == Attack.NONE ? 0 : most);
                        hostile++) {
                    for (String exchange : List.of("flag", "mean", "factors")) {
                        MultiLayerNetwork network = network(base, exchange, attack, hostile, seed);
                        train(network, turned, rounds, seed);
                        double accuracy = accuracy(network, test);
                        System.out.println(String.format(Locale.ROOT, LINE, exchange, attack, hostile, seed, accuracy));
                        System.out.println(String.format(Locale.ROOT, LossLog.LINE, ++done, all, network.score()));
                    }
                }
            }
        }
    }

    /** What lowrank4j finds the hostile exchanges and updater with. */
    private static ClassLoader services(Path folder) throws Exception {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(
                services.resolve(Exchange.class.getName()),
                HostileExchange.OfMean.class.getName() + "\n" + HostileExchange.OfFlag.class.getName() + "\n");
        Files.writeString(services.resolve(Updater.class.getName()), HostileSgd.class.getName() + "\n");
        return new URLClassLoader(
                new URL[] {folder.toUri().toURL()}, Thread.currentThread().getContextClassLoader());
    }

    private static MultiLayerNetwork base(DigitSet digits, int seed) throws Exception {
        rule(Map.of());
        MultiLayerNetwork base = recipe().network(Optimiser.ADAM, 1e-3, seed);
        base.fit(DigitBatches.shuffled(digits, BASE_BATCH, BASE_STEPS, seed));
        return base;
    }

    private static Recipe recipe() {
        return Recipe.plain(List.of(HIDDEN), 0, BATCH, 0);
    }

    private static MultiLayerNetwork network(
            MultiLayerNetwork base, String exchange, Attack attack, int hostile, int seed) {
        boolean gradients = !exchange.equals("factors");
        String method = gradients ? "hostile-" + exchange : "hostile-sgd";
        Map<String, String> rule = new HashMap<>(Map.of(
                "rank",
                String.valueOf(RANK),
                "layers",
                "hidden1",
                "exchange",
                gradients ? method : exchange,
                method + ".attack",
                attack.name().toLowerCase(Locale.ROOT),
                method + ".count",
                String.valueOf(hostile)));
        if (!gradients) {
            rule.put("updater", method);
        }
        rule(rule);
        MultiLayerNetwork network = recipe().network(Optimiser.SGD, RATE, seed);
        network.setParams(base.params());
        return network;
    }

    private static void rule(Map<String, String> rule) {
        RulesInForce.apply(
                RuleBook.readForTraining(rule, List.of(), List.of(), new Properties(), Map.of()), () -> null);
    }

    /** 0 for a network whose outputs are not finite, which answers nothing. */
    private static double accuracy(MultiLayerNetwork network, DigitSet test) {
        DataSet whole = DigitBatches.once(test, test.size()).next();
        return Double.isFinite(network.output(whole.getFeatures()).sumNumber().doubleValue())
                ? network.evaluate(DigitBatches.once(test, EVALUATION_BATCH)).accuracy()
                : 0;
    }

    private static void train(MultiLayerNetwork network, DigitSet digits, int rounds, int seed) {
        DigitBatches batches = DigitBatches.shuffled(digits, BATCH, HostileSgd.WORKERS * rounds, seed);
        List<DataSet> all = new ArrayList<>();
        while (batches.hasNext()) {
            all.add(batches.next());
        }
        new ParallelWrapper.Builder<>(network)
                .workers(HostileSgd.WORKERS)
                .prefetchBuffer(0)
                .averagingFrequency(1)
                .trainingMode(TrainingMode.AVERAGING)
                .build()
                .fit(new ListDataSetIterator<>(all, 1));
    }
}
