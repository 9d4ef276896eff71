package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.update.LowRankUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Nesterovs;

/** Every approximation of the gradient with every update: a pair trains and resumes bit for bit, or says why it cannot be. */
class PairsTest {

    private static final Methods METHODS = Methods.load(null);
    private static final DataType TYPE = DataType.DOUBLE;

    /** Updates of these tests, found like those of the project. */
    private static final Set<String> TOYS = Set.of("mirrored", "output-gain");

    private record Pair(LowRankUpdate update, GradientApproximation gradient) {

        Map<String, String> rule() {
            Map<String, String> rule =
                    new LinkedHashMap<>(Map.of("rank", "2", "update", update.name(), "gradient", gradient.name()));
            rule.putAll(EarlierSavesTest.OPTIONS.getOrDefault(update.name(), Map.of()));
            rule.putAll(EarlierSavesTest.OPTIONS.getOrDefault(gradient.name(), Map.of()));
            return rule;
        }

        boolean isRefused() {
            return gradient.refusal(update).isPresent();
        }

        @Override
        public String toString() {
            return update.name() + ", " + gradient.name();
        }
    }

    private static Stream<Pair> pairs() {
        return METHODS.updates().stream()
                .flatMap(update -> METHODS.gradients().stream().map(gradient -> new Pair(update, gradient)));
    }

    static Stream<Pair> pairsThatWork() {
        return pairs().filter(pair -> !pair.isRefused());
    }

    static Stream<Pair> refusedPairs() {
        return pairs().filter(Pair::isRefused);
    }

    private static DataSet batch(int i) {
        return Data.classes(i, TYPE, 9, Nets.INPUTS, Nets.CLASSES);
    }

    private static MultiLayerNetwork network(Map<String, String> rule) {
        return Rules.during(rule, () -> Nets.initialised(Nets.layers(Nets.settings(TYPE, new Adam(0.01)))));
    }

    private static MultiLayerNetwork loaded(Map<String, String> rule, byte[] zip) {
        return Rules.during(rule, () -> AdapterFile.network(zip));
    }

    @ParameterizedTest
    @MethodSource("pairsThatWork")
    void aPairResumesBitForBit(Pair pair) {
        MultiLayerNetwork network = network(pair.rule());
        INDArray before = network.params().dup();
        for (int i = 0; i < 4; i++) {
            network.fit(batch(i));
        }
        Rules.assertFollows(network);
        Nets.assertMoved(before, network.params(), pair.toString());
        MultiLayerNetwork resumed = loaded(pair.rule(), AdapterFile.zip(network));
        for (int i = 4; i < 8; i++) {
            network.fit(batch(i));
            resumed.fit(batch(i));
        }
        Nets.assertSame(network.params(), resumed.params(), pair.toString());
    }

    @ParameterizedTest
    @MethodSource("refusedPairs")
    void aRefusedPairNamesThoseThatWork(Pair pair) {
        MultiLayerNetwork network = network(pair.rule());
        String message = assertThrows(LowRankException.class, () -> network.fit(batch(0)))
                .getMessage();
        String reason = pair.gradient().refusal(pair.update()).orElseThrow();
        assertTrue(message.contains(reason), message);
        String partners = pairsThatWork()
                .filter(other -> other.gradient().name().equals(pair.gradient().name()))
                .map(other -> other.update().name())
                .collect(Collectors.joining(", "));
        assertTrue(message.contains("goes with update=" + partners + ";"), message);
        assertTrue(message.contains("update=" + pair.update().name() + " goes with gradient="), message);
    }

    /** What mathematics refuses, and nothing else; see ADR 16. */
    @Test
    void thesePairsAreRefused() {
        Map<String, Set<String>> refused = refusedPairs()
                .filter(pair -> !TOYS.contains(pair.update().name()))
                .collect(Collectors.groupingBy(
                        pair -> pair.gradient().name(),
                        Collectors.mapping(pair -> pair.update().name(), Collectors.toSet())));
        Set<String> noFactors = Set.of(
                "adalora",
                "full",
                "hira",
                "kasa",
                "loha",
                "lokr",
                "loldu",
                "lora-xs",
                "maestro",
                "mica",
                "miss",
                "oft",
                "random-subspace",
                "s2ft",
                "switchlora",
                "trp",
                "vera");
        Set<String> noWeight = Set.of(
                "adalora",
                "dora",
                "hira",
                "kasa",
                "loha",
                "lokr",
                "loldu",
                "lora",
                "lora-xs",
                "maestro",
                "mica",
                "miss",
                "oft",
                "random-subspace",
                "relora",
                "s2ft",
                "switchlora",
                "vera");
        assertEquals(
                Map.ofEntries(
                        Map.entry("lora-fa", noFactors),
                        Map.entry("lora-pro", noFactors),
                        Map.entry("riemannian", noFactors),
                        Map.entry("lora-rite", noFactors),
                        Map.entry("galore", noWeight),
                        Map.entry("fira", noWeight),
                        Map.entry("apollo", noWeight),
                        Map.entry("apollo-mini", noWeight),
                        Map.entry("norm", noWeight),
                        Map.entry("muon", noWeight),
                        Map.entry("dion", noWeight),
                        Map.entry("shampoo", noWeight),
                        Map.entry("ldadam", noWeight),
                        Map.entry("flora", noWeight),
                        Map.entry("adafactor", Set.of("random-subspace")),
                        Map.entry("adahessian", Set.of("dora", "random-subspace", "switchlora"))),
                refused);
    }

    /** The update that the guide shows. */
    @Test
    void aMethodOfAUserLearns() {
        MultiLayerNetwork network = network(Map.of("update", "output-gain", "train", "none"));
        double before = network.score(batch(0));
        for (int i = 0; i < 100; i++) {
            network.fit(batch(0));
        }
        double after = network.score(batch(0));
        assertTrue(after < 0.9 * before, "the loss fell from " + before + " to " + after);
        assertEquals(Nets.HIDDEN, AdapterFile.factor(network, "layer0", "g").length());
    }

    /** An orthonormal basis of the whole network changes nothing, whatever stands in for the gradient. */
    @ParameterizedTest
    @ValueSource(strings = {"perpgrad", "powersgd", "econtrol", "mfac"})
    void theGradientIsReplacedBeforeItIsPulledBack(String gradient) {
        Map<String, String> rule = new LinkedHashMap<>(EarlierSavesTest.OPTIONS.getOrDefault(gradient, Map.of()));
        rule.put("rank", "2");
        rule.put("gradient", gradient);
        rule.put("bias", "lora-only");
        MultiLayerNetwork[] networks = new MultiLayerNetwork[2];
        for (int which = 0; which < 2; which++) {
            rule.put("update", which == 0 ? "full" : "mirrored");
            networks[which] = Rules.during(
                    rule, () -> Nets.initialised(Nets.layers(Nets.settings(TYPE, new Nesterovs(0.01, 0.9)))));
            for (int i = 0; i < 6; i++) {
                networks[which].fit(batch(i));
            }
        }
        Nets.assertClose(networks[0].params(), networks[1].params(), 1e-9, gradient);
    }
}
