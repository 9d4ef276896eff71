package org.lowrank4j.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.network.NetworkShape;

/** Every key from every source, and for each two neighbouring sources that the first wins. */
class PrecedenceTest {

    private static final String OPTION = "galore.refresh";
    private static final String OVERRIDE = "rank@dense1";

    /** From the source that comes first to the one that comes last. */
    enum Source {
        AGENT,
        PROPERTY,
        ENVIRONMENT,
        FILE,
        FIELD,
        METHOD,
        CLASS
    }

    /** A key with the values that {@link AnnotatedPlaces} has for it. */
    record Setting(String key, String a, String b) {
        @Override
        public String toString() {
            return key;
        }
    }

    private static final List<Setting> SETTINGS = List.of(
            new Setting("rank", "3", "5"),
            new Setting("alpha", "16.0", "32.0"),
            new Setting("scaling", "standard", "rslora"),
            new Setting("init", "pissa", "gaussian"),
            new Setting("gradient", "exact", "galore"),
            new Setting("update", "lora", "switch-lora"),
            new Setting("layers", "dense1", "dense2"),
            new Setting("exclude", "dense2", "dense1"),
            new Setting("train", "out", "none"),
            new Setting("bias", "all", "lora-only"),
            new Setting("loraplus", "2.0", "4.0"),
            new Setting("updater", "adabelief", "stock"),
            new Setting("rate", "0.5", "0.25"),
            new Setting("average", "ema", "none"),
            new Setting("loss", "stablemax", "stock"),
            new Setting("seed", "42", "77"),
            new Setting("id", "a", "b"),
            new Setting(OPTION, "100", "50"),
            new Setting(OVERRIDE, "2", "7"));

    @TempDir
    Path folder;

    static Stream<Arguments> settingsAndNeighbours() {
        Source[] sources = Source.values();
        return SETTINGS.stream()
                .flatMap(setting -> Stream.iterate(0, i -> i < sources.length - 1, i -> i + 1)
                        .map(i -> Arguments.of(setting, sources[i], sources[i + 1])));
    }

    static Stream<Arguments> settingsAndSources() {
        return SETTINGS.stream()
                .flatMap(setting -> Arrays.stream(Source.values()).map(source -> Arguments.of(setting, source)));
    }

    @ParameterizedTest(name = "{0}: {1} over {2}")
    @MethodSource("settingsAndNeighbours")
    void theFirstSourceWins(Setting setting, Source first, Source second) throws IOException {
        Sourced effective = effective(setting, first, second);
        assertEquals(setting.a(), effective.text());
        assertEquals(label(setting, first, true), effective.source());
    }

    @ParameterizedTest(name = "{0} from {1}")
    @MethodSource("settingsAndSources")
    void everySourceSetsEveryKey(Setting setting, Source source) throws IOException {
        Sourced effective = effective(setting, null, source);
        assertEquals(setting.b(), effective.text());
        assertEquals(label(setting, source, false), effective.source());
    }

    /** What the rule says when one source (or none) holds value A and another value B. */
    private Sourced effective(Setting setting, Source ofA, Source ofB) throws IOException {
        Map<String, String> agent = new HashMap<>();
        Properties properties = new Properties();
        Map<String, String> environment = new HashMap<>();
        for (Source source : ofA == null ? List.of(ofB) : List.of(ofA, ofB)) {
            String value = source == ofA ? setting.a() : setting.b();
            switch (source) {
                case AGENT -> agent.put(setting.key(), value);
                case PROPERTY -> properties.setProperty("lowrank." + setting.key(), value);
                case ENVIRONMENT -> {
                    if (setting.key().equals(OVERRIDE)) {
                        environment.put("LOWRANK_OVERRIDES", OVERRIDE + "=" + value);
                    } else {
                        environment.put(variable(setting), value);
                    }
                }
                case FILE -> agent.put("config", file(setting, value));
                default -> {}
            }
        }
        if (setting.key().equals(OPTION)) {
            // An option does not ask for a rule by itself.
            environment.put("LOWRANK_GRADIENT", "galore");
        }
        RuleBook book = RuleBook.read(agent, properties, environment);
        Rule rule = book.ruleFor(creation(ofA, ofB)).orElseThrow();
        return read(rule, setting);
    }

    private static Creation creation(Source ofA, Source ofB) {
        Creation creation;
        if (ofB == Source.CLASS) {
            creation =
                    ofA == Source.METHOD ? AnnotatedPlaces.ClassB.createInMethodA() : AnnotatedPlaces.ClassB.create();
        } else if (ofB == Source.METHOD) {
            creation = AnnotatedPlaces.PlainClass.createInMethodB();
        } else {
            creation = AnnotatedPlaces.PlainClass.create();
        }
        if (ofA == Source.FIELD) {
            return creation.keptIn(AnnotatedPlaces.Fields.class, "fieldA");
        }
        return ofB == Source.FIELD ? creation.keptIn(AnnotatedPlaces.Fields.class, "fieldB") : creation;
    }

    private String file(Setting setting, String value) throws IOException {
        Path file = folder.resolve("lowrank.yaml");
        String text = setting.key().equals(OVERRIDE)
                ? "overrides:\n  - layers: dense1\n    rank: " + value + "\n"
                : setting.key() + ": " + value + "\n";
        return Files.writeString(file, "# a comment\n" + text).toString();
    }

    private static Sourced read(Rule rule, Setting setting) {
        if (setting.key().equals(OPTION)) {
            return rule.options(TestMethods.all().optionNames(), new ArrayList<>())
                    .get(OPTION);
        } else if (setting.key().equals(OVERRIDE)) {
            NetworkShape network = TestNetworks.peftToy();
            TargetChoices choices = new TargetChoices(rule, network, roles(network), new ArrayList<>());
            return choices.of(Key.RANK, network.layers().get(0).matrices().get(0))
                    .orElseThrow()
                    .value();
        }
        return rule.value(Key.of(setting.key()).orElseThrow()).orElseThrow();
    }

    private static LayerRoles roles(NetworkShape network) {
        return new LayerRoles(Rules.of("rank", "1"), network, false, () -> false);
    }

    private String label(Setting setting, Source source, boolean isA) {
        boolean override = setting.key().equals(OVERRIDE);
        return switch (source) {
            case AGENT -> "agent argument " + setting.key();
            case PROPERTY -> "system property lowrank." + setting.key();
            case ENVIRONMENT -> "environment " + (override ? "LOWRANK_OVERRIDES" : variable(setting));
            case FILE -> folder.resolve("lowrank.yaml") + (override ? " line 4" : " line 2");
            case FIELD ->
                "annotation on field " + AnnotatedPlaces.Fields.class.getName() + (isA ? ".fieldA" : ".fieldB");
            case METHOD ->
                "annotation on method "
                        + (isA
                                ? AnnotatedPlaces.ClassB.class.getName() + ".createInMethodA"
                                : AnnotatedPlaces.PlainClass.class.getName() + ".createInMethodB");
            case CLASS -> "annotation on class " + AnnotatedPlaces.ClassB.class.getName();
        };
    }

    private static String variable(Setting setting) {
        return "LOWRANK_" + setting.key().toUpperCase(Locale.ROOT).replace('.', '_');
    }
}
