package org.lowrank4j.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.network.NetworkShape.LayerShape;

class LayerPatternTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "fc1            | fc1",
                "fc.            | fc1 fc2",
                "f              | ''",
                "[fo][cu][t1]      | fc1 out",
                ".*             | conv norm pool old fc1 fc2 out",
                "0              | conv",
                "6              | out",
                "7              | ''",
                "0..1           | conv norm",
                "5..            | fc2 out",
                "..0            | conv",
                "5..99          | fc2 out",
                "8..9           | ''",
                "DenseLayer     | old fc1 fc2",
                "type:DenseLayer| old fc1 fc2",
                "type: OutputLayer| out",
                "type:fc1       | ''",
                "Dense.*        | ''",
            })
    void namesLayers(String pattern, String names) {
        assertEquals(names, names(one(pattern)));
    }

    @Test
    void alternativesAreARegularExpression() {
        assertEquals("fc1 fc2", names(one("fc1|fc2")));
    }

    @Test
    void nameAndIndexAreMeantPersonally() {
        assertTrue(one("fc1").match(TestNetworks.mixed()).named());
        assertTrue(one("4").match(TestNetworks.mixed()).named());
        for (String broad : List.of("4..4", "fc[1]", "type:OutputLayer", "OutputLayer")) {
            LayerPattern.Match match = one(broad).match(TestNetworks.mixed());
            assertEquals(1, match.layers().size(), broad);
            assertEquals(false, match.named(), broad);
        }
    }

    @Test
    void aLayersOwnNameComesBeforeEveryOtherMeaning() {
        NetworkShape odd = TestNetworks.network(
                "ComputationGraph",
                TestNetworks.dense("1", 2, 2),
                TestNetworks.dense("0..1", 2, 2),
                TestNetworks.dense("DenseLayer", 2, 2),
                TestNetworks.dense("a.c", 2, 2),
                TestNetworks.dense("abc", 2, 2));
        assertEquals(List.of("1"), names(one("1"), odd));
        assertEquals(List.of("0..1"), names(one("0..1"), odd));
        assertEquals(List.of("DenseLayer"), names(one("DenseLayer"), odd));
        assertEquals(List.of("a.c"), names(one("a.c"), odd));
        assertEquals(List.of("a.c", "abc"), names(one("a[.b]c"), odd));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "a,b; a b",
                "a:b; a b",
                "a, b :c; a b c",
                "type:DenseLayer:fc1; type:DenseLayer fc1",
                "fc1,type:DenseLayer; fc1 type:DenseLayer",
                "x{1,2},y; x{1,2} y",
                "(?:a|b):c; (?:a|b) c",
                "[a:b],c; [a:b] c",
                "a\\:b,c; a\\:b c",
                "subtype:x; subtype x",
            })
    void separatesListsByCommasAndColons(String list, String entries) {
        assertEquals(
                entries,
                String.join(
                        " ",
                        LayerPattern.parse(list).stream()
                                .map(LayerPattern::text)
                                .toList()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "''; empty",
                "a,,b; empty",
                "a,; empty",
                "type:; empty",
                "..; no end",
                "3..1; starts after its end",
                "dense[; no valid regular expression",
                "*; no valid regular expression",
                "none,a; stands alone",
            })
    void refusesWhatIsNoPattern(String list, String reason) {
        IllegalArgumentException refused = assertThrows(IllegalArgumentException.class, () -> LayerPattern.parse(list));
        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
    }

    @Test
    void aRangeIsTheUnionOfItsIndices() {
        Random random = new Random(11);
        for (int trial = 0; trial < 200; trial++) {
            NetworkShape network = denseNetwork(1 + random.nextInt(12));
            int first = random.nextInt(12);
            int last = first + random.nextInt(12);
            List<String> union = new ArrayList<>();
            IntStream.rangeClosed(first, last).forEach(index -> union.addAll(names(one("" + index), network)));
            assertEquals(union, names(one(first + ".." + last), network));
        }
    }

    @Test
    void openRangesSplitANetworkInTwo() {
        for (int size = 2; size < 12; size++) {
            NetworkShape network = denseNetwork(size);
            for (int cut = 0; cut < size - 1; cut++) {
                List<String> both = new ArrayList<>(names(one(".." + cut), network));
                both.addAll(names(one((cut + 1) + ".."), network));
                assertEquals(network.layers().stream().map(LayerShape::name).toList(), both);
            }
        }
    }

    @Test
    void aNameNeverMatchesALongerName() {
        NetworkShape network = denseNetwork(30);
        for (LayerShape layer : network.layers()) {
            assertEquals(List.of(layer.name()), names(one(layer.name()), network));
        }
    }

    private static NetworkShape denseNetwork(int size) {
        return TestNetworks.network(
                "MultiLayerNetwork",
                IntStream.range(0, size)
                        .mapToObj(index -> TestNetworks.dense("layer" + index, 3, 3))
                        .toArray(LayerShape[]::new));
    }

    private static LayerPattern one(String text) {
        List<LayerPattern> patterns = LayerPattern.parse(text);
        assertEquals(1, patterns.size(), text);
        return patterns.get(0);
    }

    private static String names(LayerPattern pattern) {
        return String.join(" ", names(pattern, TestNetworks.mixed()));
    }

    private static List<String> names(LayerPattern pattern, NetworkShape network) {
        return pattern.match(network).layers().stream().map(LayerShape::name).toList();
    }
}
