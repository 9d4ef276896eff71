package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.engine.RulesInForce;
import org.lowrank4j.rule.RuleBook;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;

/** A rule that is for no network is told of, and stops nobody who did not ask for that. */
class UnmatchedRulesTest {

    private static final DataSet BATCH = Data.classes(3, DataType.FLOAT, 6, Nets.INPUTS, Nets.CLASSES);
    private static final String FIELD = "field com.acme.Job.network";
    private static final Map<String, String> UNSEEN =
            Map.of(FIELD, "Lorg/deeplearning4j/nn/multilayer/MultiLayerNetwork;");

    @TempDir
    private Path folder;

    private static MultiLayerNetwork network() {
        return Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
    }

    @LowRank(rank = 2)
    private static MultiLayerNetwork adapted() {
        return network();
    }

    @LowRank(enabled = false)
    private static MultiLayerNetwork takenOut() {
        return network();
    }

    /** What is printed while an action runs under rules, and at the end of the run. */
    private static List<String> said(
            Map<String, String> arguments, Map<String, String> annotated, CapturedErrors.Action action) {
        network();
        RuleBook rules = RuleBook.readForTraining(arguments, List.of(), List.of(), new Properties(), Map.of());
        RulesInForce.apply(rules, () -> null, () -> annotated);
        try {
            return CapturedErrors.of(() -> {
                action.run();
                RulesInForce.ended();
            });
        } finally {
            RulesInForce.apply(RuleBook.read(Map.of(), System.getProperties(), System.getenv()), () -> null);
        }
    }

    private Map<String, String> file(String strict, String... lines) throws IOException {
        Path file = Files.write(folder.resolve("rules.yaml"), List.of(lines));
        return Map.of("config", file.toString(), "strict", strict);
    }

    private static void assertStops(MultiLayerNetwork network, String reason) {
        INDArray before = network.params().dup();
        for (int fit = 0; fit < 2; fit++) {
            LowRankException refused = assertThrows(LowRankException.class, () -> network.fit(BATCH));
            assertTrue(refused.getMessage().contains(reason), refused::getMessage);
        }
        Nets.assertSame(before, network.params(), "what was stopped");
    }

    private static List<String> warnings(List<String> said) {
        return CapturedErrors.containing(said, "WARNING");
    }

    @Test
    void aFieldThatNobodyIsSeenToStoreToIsNamedOnce() {
        List<String> said = said(Map.of(), UNSEEN, () -> {
            network().fit(BATCH);
            network().fit(BATCH);
        });
        assertEquals(2, warnings(said).size(), said::toString);
        assertTrue(warnings(said).get(0).contains("no network was seen in " + FIELD), said::toString);
        assertTrue(warnings(said).get(1).contains("no network came to the annotation on " + FIELD), said::toString);
    }

    @Test
    void itStopsUnderStrict() {
        List<String> said = said(Map.of("strict", "true"), UNSEEN, () -> assertStops(network(), FIELD));
        assertTrue(CapturedErrors.containing(said, "ERROR").get(0).contains(FIELD), said::toString);
        List<String> report = said(
                Map.of("strict", "true", "mode", "report"),
                UNSEEN,
                () -> network().fit(BATCH));
        assertTrue(warnings(report).get(0).contains(FIELD), report::toString);
    }

    /** Options say how a method works, and mode=report what a rule would do: without a rule neither does anything. */
    @ParameterizedTest
    @CsvSource({
        "galore.refresh,50,gradient",
        "galore.refersh,50,gradient",
        "mode,report,rank=8",
        "convolution,portable,rank=8"
    })
    void whatDoesNothingWithoutARuleIsSaidOnce(String key, String value, String advice) {
        List<String> said = said(Map.of(key, value), Map.of(), () -> {
            network().fit(BATCH);
            network().fit(BATCH);
        });
        assertEquals(1, warnings(said).size(), said::toString);
        assertTrue(warnings(said).get(0).contains(key + "=" + value), said::toString);
        assertTrue(warnings(said).get(0).contains(advice), said::toString);
        assertEquals(List.of(), warnings(said(Map.of("lora.merge", "step"), Map.of(), () -> {
            adapted().fit(BATCH);
            network().fit(BATCH);
        })));
    }

    @Test
    void aFieldForAnotherKindOfNetworkOrWithAStoreIsNotMissedYet() {
        Map<String, String> others =
                Map.of("field a.B.graph", "Lorg/deeplearning4j/nn/graph/ComputationGraph;", "field a.B.stored", "");
        List<String> said = said(Map.of(), others, () -> {
            List<String> first = CapturedErrors.of(() -> network().fit(BATCH));
            assertEquals(List.of(), first);
        });
        assertEquals(1, warnings(said).size(), said::toString);
        said = said(Map.of(), others, () -> {
            ComputationGraph graph = Nets.initialised(Nets.graph(Nets.settings(DataType.FLOAT, new Sgd(0.1))));
            graph.fit(BATCH);
        });
        assertTrue(warnings(said).get(0).contains("no network was seen in field a.B.graph:"), said::toString);
    }

    @Test
    void annotationsAreNoMatterWhereEveryNetworkHasARule() {
        Map<String, String> places = new TreeMap<>(Map.of("method a.B.neverCalled", ""));
        assertEquals(
                List.of(),
                CapturedErrors.containing(said(Map.of(), places, () -> adapted().fit(BATCH)), "neverCalled"));
        List<String> said = said(Map.of(), places, () -> {
            adapted().fit(BATCH);
            network().fit(BATCH);
        });
        assertEquals(1, CapturedErrors.containing(said, "neverCalled").size(), said::toString);
        for (int i = 0; i < 8; i++) {
            places.put("class a.C" + i, "");
        }
        said = said(Map.of(), places, () -> network().fit(BATCH));
        assertTrue(warnings(said).get(0).contains("class a.C4 and 4 more"), said::toString);
    }

    @Test
    void anEntryOfTheFileThatMatchesNothingIsNamedAtTheEnd() throws IOException {
        String[] lines = {
            "networks:",
            "  - when: {createdBy: \"*UnmatchedRulesTest.adapted\"}",
            "    rank: 2",
            "  - when: {hasLayer: nosuch, kind: ComputationGraph}",
            "    rank: 4"
        };
        List<String> said = said(file("false", lines), Map.of(), () -> {
            network().fit(BATCH);
            adapted().fit(BATCH);
        });
        List<String> ofEnd = CapturedErrors.containing(said, "matched no network of this run");
        assertEquals(1, ofEnd.size(), said::toString);
        assertTrue(
                ofEnd.get(0).contains("rules.yaml line 4 (when: hasLayer: nosuch, kind: ComputationGraph)"),
                said::toString);
        assertEquals(List.of(), said(file("false", lines), Map.of(), () -> network()), "nothing trained");
    }

    /** Once a rule has matched, a network without one may be meant to have none. */
    @Test
    void underStrictOnlyTheFirstNetworkNeedsARule() throws IOException {
        String[] lines = {
            "networks:",
            "  - when: {createdBy: \"*UnmatchedRulesTest.adapted\"}",
            "    layers: layer0:layer1",
            "    rank: 2",
            "  - when: {hasLayer: nosuch}",
            "    rank: 4"
        };
        List<String> said = said(file("true", lines), Map.of(), () -> {
            assertStops(network(), "rules.yaml line 2 (when: createdBy: *UnmatchedRulesTest.adapted)");
            adapted().fit(BATCH);
            network().fit(BATCH);
        });
        assertEquals(
                1,
                CapturedErrors.containing(said, "matched no network of this run")
                        .size(),
                said::toString);
        assertEquals(
                List.of(),
                CapturedErrors.containing(
                        said(file("true", lines), Map.of(), () -> takenOut().fit(BATCH)), "ERROR"));
        said(
                Map.of("strict", "true"),
                Map.of("class a.B", ""),
                () -> assertStops(network(), "the annotation on class a.B"));
        said(Map.of("strict", "true"), Map.of(), () -> network().fit(BATCH));
    }
}
