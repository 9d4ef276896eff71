package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Method;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.update.FactorUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;

/**
 * An update, a gradient, a start, an updater, an average and a loss that are drawn together learn and go on bit for bit from a
 * file, or the refusal names what can be had. {@code -Dcombinations.seed=N} and {@code -Dcombinations=N} draw others.
 */
class DrawnCombinationsTest {

    private static final Methods METHODS = Methods.load(null);
    private static final DataType TYPE = DataType.DOUBLE;
    private static final long SEED = Long.getLong("combinations.seed", 15);
    private static final int COUNT = Integer.getInteger("combinations", 24);

    /** Methods of these tests. */
    private static final List<String> TOYS =
            List.of("mirrored", "output-gain", "probe-gradient", "probe-weight", "probe-passes");

    private static final AtomicInteger LEARNED = new AtomicInteger();
    private static final AtomicInteger RAN = new AtomicInteger();

    /** With which a method does within these steps what it does. */
    private static final Map<String, Map<String, String>> OPTIONS = Map.of(
            "switch-ema", Map.of("switch-ema.mu", "0.7"),
            "ema", Map.of("ema.halflife", "100"),
            "lawa", Map.of("lawa.every", "4"),
            "prodigy", Map.of("prodigy.first", "1e-3"),
            "adalora", Map.of("adalora.total-steps", "90", "adalora.target-rank", "1"));

    private static String drawn(Random random, Collection<? extends Method> methods) {
        List<String> names = methods.stream()
                .map(Method::name)
                .filter(name -> !TOYS.contains(name))
                .toList();
        return names.get(random.nextInt(names.size()));
    }

    /** The first three go together as a rule, and three of four have each of the others. */
    static Stream<Map<String, String>> combinations() {
        Random random = new Random(SEED);
        List<Map<String, String>> all = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            Map<String, String> rule = new LinkedHashMap<>(Map.of("rank", "2", "bias", "all", "seed", "7"));
            String update = drawn(random, METHODS.updates());
            String gradient = drawn(random, METHODS.gradients());
            for (int again = 0; again < 3 && isRefused(update, gradient); again++) {
                gradient = drawn(random, METHODS.gradients());
            }
            rule.put("update", update);
            rule.put("gradient", gradient);
            if (METHODS.update(update, "test") instanceof FactorUpdate || random.nextInt(8) == 0) {
                put(rule, random, "init", METHODS.initialisations());
            }
            put(rule, random, "updater", METHODS.updaters());
            put(rule, random, "average", METHODS.averages());
            put(rule, random, "loss", METHODS.losses());
            for (String key : List.of("update", "gradient", "updater", "average")) {
                String name = rule.getOrDefault(key, "");
                rule.putAll(EarlierSavesTest.OPTIONS.getOrDefault(name, Map.of()));
                rule.putAll(OPTIONS.getOrDefault(name, Map.of()));
            }
            all.add(rule);
        }
        return all.stream();
    }

    private static void put(Map<String, String> rule, Random random, String key, Collection<? extends Method> methods) {
        String name = drawn(random, methods);
        if (random.nextInt(4) > 0 && !name.equals("adapter")) {
            rule.put(key, name);
        }
    }

    private static boolean isRefused(String update, String gradient) {
        return METHODS.gradient(gradient, "test")
                .refusal(METHODS.update(update, "test"))
                .isPresent();
    }

    /** Classes by the largest of three linear functions. */
    private static DataSet data() {
        DataSet linear = Data.linear(1, TYPE, 48, Nets.INPUTS, Nets.CLASSES);
        INDArray largest = linear.getLabels().argMax(1);
        INDArray labels = Nd4j.zeros(TYPE, 48, Nets.CLASSES);
        for (int i = 0; i < 48; i++) {
            labels.putScalar(i, largest.getInt(i), 1);
        }
        return new DataSet(linear.getFeatures(), labels);
    }

    private static void fit(MultiLayerNetwork network, int epochs) {
        List<DataSet> batches = data().batchBy(12);
        for (int i = 0; i < epochs; i++) {
            network.fit(new ListDataSetIterator<>(batches, 1));
        }
    }

    /** The loss; with another one than the network's own, the share of examples that are wrong. */
    private static double error(MultiLayerNetwork network, Map<String, String> rule) {
        INDArray wrong = network.output(data().getFeatures())
                .argMax(1)
                .neq(data().getLabels().argMax(1));
        return rule.containsKey("loss") ? wrong.castTo(TYPE).meanNumber().doubleValue() : network.score(data());
    }

    @ParameterizedTest
    @MethodSource("combinations")
    void learnsAndGoesOnOrSaysWhatCan(Map<String, String> rule) {
        String what = rule + ", of -Dcombinations.seed=" + SEED;
        RAN.incrementAndGet();
        MultiLayerNetwork network =
                Rules.during(rule, () -> Nets.initialised(Nets.layers(Nets.settings(TYPE, new Adam(0.02)))));
        INDArray before = network.params().dup();
        double from = error(network, rule);
        try {
            fit(network, 1);
        } catch (LowRankException refused) {
            Nets.assertSame(before, network.params(), what);
            assertTrue(namesAnother(String.valueOf(refused.getMessage()), rule), what + ": " + refused.getMessage());
            return;
        }
        fit(network, 19);
        Nets.assertMoved(before, network.params(), what);
        double to = error(network, rule);
        assertTrue(to < from, () -> what + ": the error went from " + from + " to " + to);
        MultiLayerNetwork resumed = Rules.during(rule, () -> AdapterFile.network(AdapterFile.zip(network)));
        fit(network, 2);
        fit(resumed, 2);
        Nets.assertSame(network.params(), resumed.params(), what);
        LEARNED.incrementAndGet();
    }

    /** A method that was not drawn, an updater of DL4J or an option that can be written in the place of what was. */
    private static boolean namesAnother(String message, Map<String, String> rule) {
        return message.contains("Use Adam")
                || message.contains("Write prodigy.rate=configured")
                || Stream.of(METHODS.updates(), METHODS.gradients(), METHODS.initialisations(), METHODS.updaters())
                        .flatMap(Collection::stream)
                        .map(Method::name)
                        .filter(name -> !Collections.unmodifiableMap(rule).containsValue(name))
                        .anyMatch(name -> message.matches("(?s).*[= ,']" + name + "[ ,;.'].*"));
    }

    @AfterAll
    static void manyOfThemLearn() {
        assertTrue(3 * LEARNED.get() >= RAN.get(), LEARNED + " of " + RAN + " learned; seed " + SEED);
    }
}
