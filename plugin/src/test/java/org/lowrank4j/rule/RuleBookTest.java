package org.lowrank4j.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
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
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;

class RuleBookTest {

    private static final Creation ANY = Creation.of(TestNetworks.peftToy(), 1, List.of());

    @Test
    void withoutKeysThereIsNoRule() {
        assertEquals(Optional.empty(), Rules.book().ruleFor(ANY));
        assertEquals(
                Optional.empty(),
                Rules.book("strict", "true", "verbose", "true", "mode", "train").ruleFor(ANY));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rank=2", "id=x", "rank@dense1=2"})
    void anyKeyOfARuleMakesOne(String argument) {
        int equals = argument.indexOf('=');
        RuleBook book = Rules.book(argument.substring(0, equals), argument.substring(equals + 1));
        assertTrue(book.ruleFor(ANY).isPresent());
    }

    @ParameterizedTest
    @ValueSource(strings = {"galore.refresh=3", "options=galore.refresh=3"})
    void optionsOfMethodsAloneMakeNone(String argument) {
        int equals = argument.indexOf('=');
        RuleBook book = Rules.book(argument.substring(0, equals), argument.substring(equals + 1));
        assertEquals(Optional.empty(), book.ruleFor(ANY));
    }

    @Test
    void aFileWithoutARuleIsNotPassedOverInSilence(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("empty.yaml"), "# nothing yet");
        RuleBook book = Rules.book("config", file.toString());
        assertEquals(List.of("rule file '" + file + "' (agent argument config) holds no rule."), book.warnings());
        Map<String, String> strict = Map.of("config", file.toString(), "strict", "true");
        assertThrows(LowRankException.class, () -> RuleBook.read(strict, new Properties(), Map.of()));
        LowRankException blank = assertThrows(LowRankException.class, () -> Rules.book("config", " "));
        assertEquals(
                "the path of the rule file (agent argument config) is empty. Name a YAML file.", blank.getMessage());
    }

    @Test
    void aForeignPropertyOfThePrefixIsOnlyAWarning() {
        Properties properties = new Properties();
        properties.setProperty("lowrank.home.dir", "x");
        assertEquals(
                Optional.empty(), RuleBook.read(Map.of(), properties, Map.of()).ruleFor(ANY));
        Plan plan = RuleBook.read(Map.of("rank", "2"), properties, Map.of())
                .ruleFor(ANY)
                .orElseThrow()
                .plan(TestNetworks.peftToy(), TestMethods.all());
        assertTrue(
                plan.warnings().toString().contains("home.dir"), plan.warnings().toString());
    }

    @Test
    void anAnnotationWithoutMembersIsARuleOfDefaults() {
        Rule rule = Rules.book().ruleFor(AnnotatedPlaces.Bare.create()).orElseThrow();
        assertEquals("annotation on class " + AnnotatedPlaces.Bare.class.getName(), rule.source());
        assertEquals(Rule.DEFAULT_ID, rule.id());
        assertTrue(rule.seed().isEmpty());
        assertEquals(1.0, rule.loraPlusRatio());
        assertEquals(BiasTraining.NONE, rule.bias());
        Plan.TargetSettings settings = rule.plan(TestNetworks.peftToy(), TestMethods.all())
                .layers()
                .get(0)
                .targets()
                .get(0)
                .settings();
        assertEquals(
                new Plan.TargetSettings(8, 8, Scaling.STANDARD, "kaiming", "exact", "lora", 0, Map.of(), true, true),
                settings);
        assertEquals(1.0, settings.scale());
    }

    @Test
    void overridesAloneMakeARule() {
        Plan plan = Rules.book()
                .ruleFor(AnnotatedPlaces.OverridesOnly.create())
                .orElseThrow()
                .plan(TestNetworks.peftToy(), TestMethods.all());
        assertEquals(4, plan.layers().get(0).targets().get(0).settings().rank());
        assertEquals(6, plan.layers().get(1).targets().get(0).settings().rank());
        assertEquals(
                "switch-lora", plan.layers().get(1).targets().get(0).settings().update());
        assertEquals(
                "gaussian", plan.layers().get(1).targets().get(0).settings().initialisation());
        assertEquals(
                Map.of("switch-lora.interval", "9"),
                plan.layers().get(1).targets().get(0).settings().options());
        assertEquals(Map.of(), plan.layers().get(0).targets().get(0).settings().options());
    }

    @Test
    void resolvedValuesAreTyped() {
        Rule rule = Rules.of("id", "net-1", "seed", "-9", "loraplus", "16", "bias", "lora_only");
        assertEquals("net-1", rule.id());
        assertEquals(-9, rule.seed().getAsLong());
        assertEquals(16.0, rule.loraPlusRatio());
        assertEquals(BiasTraining.LORA_ONLY, rule.bias());
    }

    @Test
    void theSourceNamesWhereEachKeyCameFrom() {
        RuleBook book =
                RuleBook.read(Map.of("rank", "2"), Rules.properties("lowrank.rank", "3"), Map.of("LOWRANK_ALPHA", "4"));
        String source =
                book.ruleFor(AnnotatedPlaces.Off.create()).map(Rule::source).orElse("");
        assertEquals("", source);
        source = book.ruleFor(AnnotatedPlaces.Nested.Inner.createCloser())
                .orElseThrow()
                .source();
        assertEquals(
                "agent arguments (rank); system properties (overridden); environment (alpha); annotation on method "
                        + AnnotatedPlaces.Nested.Inner.class.getName()
                        + ".createCloser (overridden); annotation on class "
                        + AnnotatedPlaces.Nested.class.getName() + " (overridden)",
                source);
    }

    @Test
    void anAnnotationMaySwitchOff() {
        assertFalse(
                Rules.book("rank", "2").ruleFor(AnnotatedPlaces.Off.create()).isPresent());
        assertTrue(Rules.book("rank", "2")
                .ruleFor(AnnotatedPlaces.Off.through(AnnotatedPlaces.ClassB::create))
                .isPresent());
    }

    @ParameterizedTest
    @CsvSource({"enabled, false", "mode, off"})
    void theAgentMaySwitchAllOff(String key, String value) {
        RuleBook book = Rules.book(key, value, "rank", "3");
        assertTrue(book.off());
        assertFalse(book.ruleFor(ANY).isPresent());
        assertFalse(book.ruleFor(AnnotatedPlaces.ClassB.create()).isPresent());
        assertFalse(book.ruleFor(AnnotatedPlaces.Wrong.create()).isPresent());
    }

    @Test
    void switchesComeFromEverySourceAndTheFirstWins() {
        RuleBook all = RuleBook.read(
                Map.of("strict", "false"),
                Rules.properties("lowrank.strict", "true", "lowrank.mode", "report"),
                Map.of("LOWRANK_MODE", "off", "LOWRANK_STRICT", "true"));
        assertTrue(all.reportOnly());
        assertFalse(all.off());
        assertFalse(all.strict());
        assertTrue(Rules.book("strict", "").strict());
    }

    @ParameterizedTest
    @CsvSource({
        "mode, reprot, Did you mean 'report'?",
        "strict, maybe, it must be true or false",
        "verbose, 1, it must be true or false",
        "enabled, off, it must be true or false",
    })
    void refusesSwitches(String key, String value, String reason) {
        String message = assertThrows(LowRankException.class, () -> Rules.book(key, value))
                .getMessage();
        assertTrue(message.startsWith(key + " '" + value + "' (agent argument " + key + ")"), message);
        assertTrue(message.contains(reason), message);
    }

    @Test
    void unknownKeysAreWarnedOfWithTheNearest() {
        RuleBook book = RuleBook.read(Map.of(), Rules.properties("lowrank.aplha", "3"), Map.of("LOWRANK_RNAK", "4"));
        assertEquals(2, book.warnings().size(), book.warnings().toString());
        assertTrue(
                book.warnings()
                        .get(0)
                        .startsWith(
                                "unknown key 'aplha' (system property lowrank.aplha) is ignored. Did you mean 'alpha'?"),
                book.warnings().get(0));
        assertTrue(
                book.warnings()
                        .get(1)
                        .startsWith("unknown key 'RNAK' (environment LOWRANK_RNAK) is ignored. Did you mean 'RANK'?"),
                book.warnings().get(1));
        assertFalse(book.ruleFor(ANY).isPresent());
        assertRefused(
                "unknown key 'rnak' (agent argument rnak) is refused. Did you mean 'rank'? Known: ",
                Map.of("rnak", "2"),
                new Properties(),
                Map.of());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "rank   | 4,              | 'rank=4,' (agent argument rank) is refused: the argument after the last comma is empty.",
                "strict | true,           | 'strict=true,' (agent argument strict) is refused: the argument after",
                "rank   | 4;layers=fc1    | 'rank=4;layers=fc1' (agent argument rank) is refused: it holds several settings. Agent arguments are separated by commas, rank=4,layers=fc1; properties",
                "layers | fc1 ; rank@fc1 = 4 | separated by commas, layers=fc1,rank@fc1 = 4; properties",
                "init   | pissa galore.refresh=2 | separated by commas, init=pissa,galore.refresh=2; properties",
                "lora.merge | auto&rank=4 | separated by commas, lora.merge=auto,rank=4; properties",
            })
    void whatIsSeparatedOtherwiseThanByCommasIsToldSo(String key, String value, String reason) {
        String message = assertThrows(LowRankException.class, () -> Rules.book(key, value))
                .getMessage();
        assertTrue(message.contains(reason), message);
    }

    @Test
    void whatIsNoSettingSeparatesNothing() {
        RuleBook.read(
                Map.of("layers", "a;b=c", "options", "galore.refresh=2;galore.scale=1"), new Properties(), Map.of());
        assertFalse(RuleBook.read(Map.of(), Rules.properties("lowrank.others", "a,"), Map.of())
                .warnings()
                .isEmpty());
    }

    @Test
    void strictRefusesUnknownKeys() {
        assertRefused(
                "strict=true stops on what would be a warning: unknown key 'rnak'",
                Map.of("strict", "true"),
                Rules.properties("lowrank.rnak", "2"),
                Map.of());
    }

    /** What is read for training is refused to a network that trains, whichever source has the slip; the rest is read. */
    @Test
    void whatIsReadForTrainingIsRefusedInPlanning() {
        List<RuleBook> books = List.of(
                readForTraining(Map.of("rank", "abc", "mode", "report")),
                readForTraining(Map.of("rnak", "4", "mode", "report")),
                readForTraining(Map.of("overrides", "rank", "mode", "report")),
                readForTraining(Map.of("config", "no-such.yaml", "mode", "report")),
                RuleBook.readForTraining(
                        Map.of("mode", "report"), List.of("not key=value"), List.of(), new Properties(), Map.of()),
                RuleBook.readForTraining(
                        Map.of("mode", "report"),
                        List.of(),
                        List.of(),
                        Rules.properties("lowrank.alpha", "-1"),
                        Map.of()),
                RuleBook.readForTraining(
                        Map.of("mode", "report"), List.of(), List.of(), new Properties(), Map.of("LOWRANK_BIAS", "x")),
                RuleBook.readForTraining(
                        Map.of("mode", "report", "strict", "true"),
                        List.of(),
                        List.of("given twice"),
                        new Properties(),
                        Map.of()));
        for (RuleBook book : books) {
            Rule rule = book.ruleFor(ANY).orElseThrow();
            assertTrue(book.reportOnly());
            assertThrows(LowRankException.class, () -> rule.plan(TestNetworks.peftToy(), TestMethods.all()));
        }
        assertFalse(readForTraining(Map.of("rank", "abc", "enabled", "false"))
                .ruleFor(ANY)
                .isPresent());
    }

    private static RuleBook readForTraining(Map<String, String> arguments) {
        return RuleBook.readForTraining(arguments, List.of(), List.of(), new Properties(), Map.of());
    }

    @Test
    void valuesAreCheckedAtOnceInEverySource() {
        assertRefused("rank '0' (agent argument rank)", Map.of("rank", "0"), new Properties(), Map.of());
        assertRefused(
                "alpha 'x' (system property lowrank.alpha)",
                Map.of(),
                Rules.properties("lowrank.alpha", "x"),
                Map.of());
        assertRefused(
                "bias 'some' (environment LOWRANK_BIAS)", Map.of(), new Properties(), Map.of("LOWRANK_BIAS", "some"));
        assertRefused(
                "rank '-1' (agent argument overrides)", Map.of("overrides", "rank@a=-1"), new Properties(), Map.of());
        String message = assertThrows(
                        LowRankException.class, () -> Rules.book().ruleFor(AnnotatedPlaces.Wrong.create()))
                .getMessage();
        assertTrue(
                message.startsWith("rank '0' (annotation on class " + AnnotatedPlaces.Wrong.class.getName() + ")"),
                message);
    }

    @Test
    void aValueThatIsOverriddenIsCheckedToo() {
        assertRefused(
                "rank '0' (system property lowrank.rank)",
                Map.of("rank", "2"),
                Rules.properties("lowrank.rank", "0"),
                Map.of());
    }

    @ParameterizedTest
    @CsvSource({
        "options, refresh=3, method.option=value",
        "options, galore.refresh, method.option=value",
        "options, 'galore.refresh=1;galore.refresh=2', set twice",
        "overrides, rank=4, key@layers=value",
        "overrides, rank@=4, key@layers=value",
        "bias@dense1, all, cannot be set for single layers",
        "rnak@dense1, 4, Did you mean 'rank'?",
    })
    void refusesMalformedOptionsAndOverrides(String key, String value, String reason) {
        String message = assertThrows(LowRankException.class, () -> Rules.book(key, value))
                .getMessage();
        assertTrue(message.contains(reason) && message.contains("agent argument " + key), message);
    }

    @Test
    void emptyVariablesCountAsNotSet() {
        RuleBook book = RuleBook.read(Map.of(), new Properties(), Map.of("LOWRANK_RANK", " ", "PATH", "/bin"));
        assertFalse(book.ruleFor(ANY).isPresent());
        assertEquals(List.of(), book.warnings());
    }

    @Test
    void propertiesMayHaveDefaults() {
        Properties properties = new Properties(Rules.properties("lowrank.rank", "3"));
        Rule rule = RuleBook.read(Map.of(), properties, Map.of()).ruleFor(ANY).orElseThrow();
        assertEquals("3", rule.value(Key.RANK).orElseThrow().text());
    }

    @Test
    void aFieldHasTheRuleOfItsAnnotation() {
        Rule rule = Rules.book()
                .ruleForField(AnnotatedPlaces.Fields.class, "fieldA", TestNetworks.peftToy(), 1)
                .orElseThrow();
        assertEquals("3", rule.value(Key.RANK).orElseThrow().text());
        assertTrue(rule.source().startsWith("annotation on field "), rule.source());
        assertFalse(Rules.book()
                .ruleForField(AnnotatedPlaces.Fields.class, "plain", TestNetworks.peftToy(), 1)
                .isPresent());
    }

    @Test
    void rulesAreComparedByWhatTheyWantNotByWhereItStands() {
        Rule typed = Rules.of("rank", "8", "alpha", "16", "layers", "a:b", "rank@a", "2", "galore.refresh", "5");
        Rule same = RuleBook.read(
                        Map.of(),
                        Rules.properties(
                                "lowrank.rank", "08",
                                "lowrank.alpha", "16.0",
                                "lowrank.layers", "a, b",
                                "lowrank.overrides", "rank@a=2",
                                "lowrank.options", "galore.refresh=5"),
                        Map.of())
                .ruleFor(ANY)
                .orElseThrow();
        assertTrue(typed.sameSettings(same));
        assertTrue(same.sameSettings(typed));
        for (String[] other : new String[][] {
            {"rank", "9"}, {"alpha", "17"}, {"layers", "a"}, {"rank@a", "3"}, {"galore.refresh", "6"}, {"seed", "1"}
        }) {
            Map<String, String> changed =
                    Rules.map("rank", "8", "alpha", "16", "layers", "a:b", "rank@a", "2", "galore.refresh", "5");
            changed.put(other[0], other[1]);
            Rule different = RuleBook.read(changed, new Properties(), Map.of())
                    .ruleFor(ANY)
                    .orElseThrow();
            assertFalse(typed.sameSettings(different), other[0]);
        }
    }

    private static void assertRefused(
            String start, Map<String, String> agent, Properties properties, Map<String, String> environment) {
        String message = assertThrows(LowRankException.class, () -> RuleBook.read(agent, properties, environment))
                .getMessage();
        assertTrue(message.startsWith(start), message);
    }
}
