package org.lowrank4j.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;

class RuleFileTest {

    private static final Creation VENDOR = Creation.of(
            TestNetworks.peftToy(),
            2,
            List.of(
                    new Creation.Frame("org.deeplearning4j.nn.multilayer.MultiLayerNetwork", "init"),
                    new Creation.Frame("com.vendor.train.Job", "build")));

    @TempDir
    Path folder;

    @Test
    void aFileOfPlainKeysIsForEveryNetwork() {
        Rule rule = ruleOf("rank: 4\nlayers: [dense1, 'x{1,2}|dense2']\ntrain: []\ngalore.refresh: 100\n");
        assertEquals(new Sourced("4", "FILE line 1"), plain(rule.value(Key.RANK)));
        assertEquals(new Sourced("dense1,x{1,2}|dense2", "FILE line 2"), plain(rule.value(Key.LAYERS)));
        assertEquals(new Sourced("none", "FILE line 3"), plain(rule.value(Key.TRAIN)));
        assertEquals(Map.of("galore.refresh", "100"), options(rule));
        assertTrue(rule.source().contains("(rank, layers, train, galore.refresh)"), rule.source());
    }

    @Test
    void optionsMayBeAMappingOrAList() {
        assertEquals(Map.of("galore.refresh", "100"), options(ruleOf("options: {galore.refresh: 100}\n")));
        assertEquals(Map.of("galore.refresh", "100"), options(ruleOf("options: [galore.refresh=100]\n")));
    }

    @Test
    void overridesHoldKeysAndOptions() {
        Rule rule = ruleOf("""
                overrides:
                  - layers: [dense1, dense2]
                    rank: 4
                    options: [switch-lora.interval=3]
                    update: switch-lora
                """);
        Plan.TargetSettings settings = rule.plan(TestNetworks.peftToy(), TestMethods.all())
                .layers()
                .get(0)
                .targets()
                .get(0)
                .settings();
        assertEquals(4, settings.rank());
        assertEquals(Map.of("switch-lora.interval", "3"), settings.options());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "createdBy: com.vendor.*          | true",
                "createdBy: com.vendor.train.Job  | true",
                "createdBy: com.vendor.train.Job.build | true",
                "createdBy: '*Job'                | true",
                "createdBy: com.vendor            | false",
                "createdBy: com.vendor.train.Job.other | false",
                "kind: MultiLayerNetwork          | true",
                "kind: ComputationGraph           | false",
                "hasLayer: dense2                 | true",
                "hasLayer: 'd.*2'                 | true",
                "hasLayer: type:OutputLayer       | true",
                "hasLayer: fc2                    | false",
                "layerCount: 3                    | true",
                "layerCount: 2                    | false",
                "nth: 2                           | true",
                "nth: 1                           | false",
                "id: student                      | false",
            })
    void selectsNetworks(String selector, boolean matches) {
        RuleBook book = book("networks:\n  - when: {" + selector + "}\n    rank: 4\n");
        assertEquals(matches, book.ruleFor(VENDOR).isPresent());
    }

    @Test
    void allConditionsOfAnEntryMustHold() {
        String text = "networks:\n  - when: {nth: 2, layerCount: %d}\n    rank: 4\n";
        assertTrue(book(text.formatted(3)).ruleFor(VENDOR).isPresent());
        assertFalse(book(text.formatted(4)).ruleFor(VENDOR).isPresent());
    }

    @Test
    void anIdLinksAnAnnotationWithTheFile() {
        RuleBook book = book("networks:\n  - when: {id: b}\n    rank: 4\n");
        Rule rule = book.ruleFor(AnnotatedPlaces.ClassB.create()).orElseThrow();
        assertEquals("FILE line 3", plain(rule.value(Key.RANK)).source());
        assertFalse(book.ruleFor(VENDOR).isPresent());
    }

    @Test
    void moreSelectorsWin() {
        RuleBook book = book("""
                networks:
                  - rank: 1
                  - when: {nth: 2, kind: MultiLayerNetwork}
                    rank: 2
                  - when: {nth: 2}
                    rank: 3
                """);
        assertEquals(
                "2",
                book.ruleFor(VENDOR).orElseThrow().value(Key.RANK).orElseThrow().text());
        Creation first = Creation.of(TestNetworks.peftToy(), 1, List.of());
        assertEquals(
                "1",
                book.ruleFor(first).orElseThrow().value(Key.RANK).orElseThrow().text());
    }

    @Test
    void entriesThatTieAreAnErrorWithBothLines() {
        RuleBook book = book("""
                networks:
                  - when: {nth: 2}
                    rank: 2
                  - when: {layerCount: 3}
                    rank: 3
                """);
        String message =
                assertThrows(LowRankException.class, () -> book.ruleFor(VENDOR)).getMessage();
        assertTrue(message.contains("line 2 and ") && message.contains("line 4"), message);
        assertTrue(message.contains("Add a selector"), message);
    }

    @Test
    void anEntryWithoutKeysIsARuleOfDefaults() {
        Rule rule = book("networks:\n  - when: {nth: 2}\n").ruleFor(VENDOR).orElseThrow();
        assertEquals(file() + " line 2", rule.source());
        assertEquals(
                8,
                rule.plan(TestNetworks.peftToy(), TestMethods.all())
                        .layers()
                        .get(0)
                        .targets()
                        .get(0)
                        .settings()
                        .rank());
    }

    @Test
    void anEntryMaySwitchANetworkOff() {
        RuleBook book = book("networks:\n  - rank: 4\n  - when: {nth: 2}\n    enabled: false\n");
        assertFalse(book.ruleFor(VENDOR).isPresent());
        assertTrue(
                book.ruleFor(Creation.of(TestNetworks.peftToy(), 1, List.of())).isPresent());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "rnak: 4                             | line 1: unknown key 'rnak'. Did you mean 'rank'? Known: rank, alpha",
                "network: []                         | line 1: unknown key 'network'. Did you mean 'networks'?",
                "lowrank:\\n  rank: 4               | line 1: unknown key 'lowrank'. Drop that level: what is below it",
                "networks:\\n  - net: {rank: 4}      | line 2: unknown key 'net'. Drop that level",
                "networks:\\n  - rnk: 4               | line 2: unknown key 'rnk'. Did you mean 'rank'?",
                "networks:\\n  - wen: {nth: 1}        | line 2: unknown key 'wen'. Did you mean 'when'?",
                "networks: []\\nrnak: 3               | line 2: unknown key 'rnak'. Did you mean 'rank'?",
                "overrides:\\n  - {layers: a, rnk: 4} | line 2: unknown key 'rnk'. Did you mean 'rank'?",
                "overrides:\\n  - {layers: a, bias: all} | line 2: unknown key 'bias'.",
                "overrides:\\n  - {rank: 4}           | line 2: an override must say which layers:",
                "networks:\\n  - when: {creatdBy: x}  | unknown selector 'creatdBy' (FILE line 2). Known: createdBy, kind",
                "networks:\\n  - when: {creatdBy: x}  | Did you mean 'createdBy'?",
                "networks:\\n  - when: {kind: Graph}  | must be MultiLayerNetwork or ComputationGraph",
                "networks:\\n  - when: {nth: 0}       | nth '0' (FILE line 2) is refused: it must be a whole number from 1",
                "networks:\\n  - when: {layerCount: x} | layerCount 'x' (FILE line 2) is refused: it must be a whole number from 0",
                "networks:\\n  - when: {hasLayer: 'a['} | hasLayer 'a[' (FILE line 2) is refused",
                "networks:\\n  - when: nth            | line 2: when: must be a mapping",
                "networks: 3                         | line 1: key 'networks' takes a list",
                "networks: [3]                       | line 1: an entry of networks: must be a mapping",
                "networks: []\\nrank: 3               | line 2: key 'rank' stands beside networks:",
                "- rank                              | line 1: the top of a rule file must be a mapping",
                "rank:                               | line 1: key 'rank' has no value",
                "rank: ~                             | line 1: key 'rank' has no value",
                "rank: [1, 2]                        | line 1: key 'rank' takes a plain value here",
                "layers: [[a]]                       | line 1: key 'layers' takes a plain value here",
                "layers: []                          | layers '' (FILE line 1) is refused",
                "rank: 0                             | rank '0' (FILE line 1) is refused",
                "options: [refresh=3]                | option 'refresh=3' (FILE line 1) is refused",
                "galore.refresh: 1\\noptions: {galore.refresh: 2} | option galore.refresh is set twice: to 1 (FILE line 1) and to 2 (FILE line 2)",
                "config: other.yaml                  | line 1: unknown key 'config'",
            })
    void refusesWithLineReasonAndNearest(String text, String reason) {
        String message = assertThrows(LowRankException.class, () -> book(text.replace("\\n", "\n")))
                .getMessage()
                .replace(file(), "FILE");
        assertTrue(message.contains(reason), message);
    }

    @Test
    void switchesMayStandInTheFile() {
        RuleBook book = book("strict: true\nverbose: true\nmode: report\nrank: 3\n");
        assertTrue(book.strict());
        assertTrue(book.reportOnly());
        RuleBook overruled =
                RuleBook.read(Map.of("config", file(), "strict", "false"), new java.util.Properties(), Map.of());
        assertFalse(overruled.strict());
    }

    @Test
    void aFileWithoutKeysAsksForNoRule() {
        assertFalse(book("verbose: true\n").ruleFor(VENDOR).isPresent());
        assertFalse(book("# nothing\n").ruleFor(VENDOR).isPresent());
        assertFalse(book("networks: []\n").ruleFor(VENDOR).isPresent());
    }

    private Rule ruleOf(String text) {
        return book(text).ruleFor(VENDOR).orElseThrow();
    }

    private RuleBook book(String text) {
        try {
            Files.writeString(Path.of(file()), text);
        } catch (IOException unwritable) {
            throw new IllegalStateException(unwritable);
        }
        return Rules.book("config", file());
    }

    private String file() {
        return folder.resolve("lowrank.yaml").toString();
    }

    private Sourced plain(Optional<Sourced> value) {
        Sourced found = value.orElseThrow();
        return new Sourced(found.text(), found.source().replace(file(), "FILE"));
    }

    private static Map<String, String> options(Rule rule) {
        return Rule.texts(rule.options(TestMethods.all().optionNames(), new java.util.ArrayList<>()));
    }

    /** As where somebody puts the plugin's jar, and nothing that it needs, on a class path. */
    @Test
    void withoutAYamlReaderItIsRefused(@TempDir Path directory) throws Exception {
        Path file = Files.writeString(directory.resolve("rules.yaml"), "defaults:\n  rank: 4\n");
        URL[] plugin = {RuleBook.class.getProtectionDomain().getCodeSource().getLocation()};
        try (URLClassLoader without = new URLClassLoader(plugin, getClass().getClassLoader()) {
            @Override
            protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
                if (name.startsWith("org.snakeyaml.")) {
                    throw new ClassNotFoundException(name);
                }
                if (!name.startsWith("org.lowrank4j.")) {
                    return super.loadClass(name, resolve);
                }
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? findClass(name) : loaded;
            }
        }) {
            Method read = without.loadClass(RuleBook.class.getName())
                    .getMethod("read", Map.class, Properties.class, Map.class);
            Throwable refused = assertThrows(
                            InvocationTargetException.class,
                            () -> read.invoke(null, Map.of("config", file.toString()), new Properties(), Map.of()))
                    .getCause();
            assertEquals(LowRankException.class.getName(), refused.getClass().getName());
            assertTrue(refused.getMessage().contains("rules.yaml"), refused::getMessage);
            assertTrue(refused.getMessage().contains("snakeyaml-engine"), refused::getMessage);
        }
    }
}
