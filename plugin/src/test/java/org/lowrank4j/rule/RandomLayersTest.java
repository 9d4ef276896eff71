package org.lowrank4j.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.kind.DefaultTarget;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.Plan.Role;

/** What becomes of layers that nothing has trained yet, and what the report says of them. */
class RandomLayersTest {

    private static final Set<String> ALL = Set.of("conv", "norm", "old", "fc1", "fc2", "out");

    /** Key and value; random layers; targets; layers trained in full; those frozen and those adapted though random. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "rank    | 2          | norm      | conv fc1 fc2 | norm out     | ''        | ''",
                "rank    | 2          | fc1:out   | conv fc2     | fc1 out      | ''        | ''",
                "rank@fc1 | 2         | fc1       | conv fc1 fc2 | out          | ''        | fc1",
                "rank    | 2          | norm:old  | conv fc1 fc2 | norm out     | ''        | ''",
                "layers  | fc1        | norm:fc2  | fc1          | out          | norm, fc2 | ''",
                "exclude | fc1        | fc1:norm  | conv fc2     | norm out     | fc1       | ''",
                "train   | none       | norm:fc1  | conv fc1 fc2 | ''           | norm      | fc1",
                "train   | only:out   | norm      | conv fc1 fc2 | out          | norm      | ''",
                "train   | fc2        | norm      | conv fc1     | norm fc2 out | ''        | ''",
                "train   | none       | fc1       | conv fc1 fc2 | ''           | ''        | fc1",
                "train   | auto       | norm:fc1  | conv fc2     | norm fc1 out | ''        | ''",
                "train   | auto:fc2   | norm:fc1  | conv         | norm fc1 fc2 out | ''    | ''",
                "train   | only:auto  | norm:fc1  | conv fc2     | norm fc1     | ''        | ''",
                "train   | auto       | old       | conv fc1 fc2 | out          | ''        | ''",
                "gradient | galore    | fc1:norm  | conv fc1 fc2 | norm out     | ''        | ''",
                "update  | relora     | fc1:norm  | conv fc1 fc2 | norm out     | ''        | ''",
            })
    void rolesAndWarnings(
            String key, String value, String random, String targets, String trained, String frozen, String adapted) {
        Plan plan = plan(Set.of(random.split(":")), key, value);
        assertEquals(targets, layers(plan, Role.TARGET));
        assertEquals(trained, layers(plan, Role.TRAIN));
        assertEquals(frozen, named(plan, "frozen and still random: "));
        assertEquals(adapted, named(plan, "adapted though still random: "));
    }

    @Test
    void aNetworkThatIsRandomThroughoutIsAdapted() {
        Plan plan = plan(ALL, "rank", "2");
        assertEquals("conv fc1 fc2", layers(plan, Role.TARGET));
        assertEquals("norm out", layers(plan, Role.TRAIN));
        assertEquals("conv, fc1, fc2", named(plan, "adapted though still random: "));
    }

    @Test
    void whatIsNamedIsAdaptedAlthoughItIsRandom() {
        Plan ofType = plan(ALL, "layers", "type:DenseLayer", "train", "auto");
        assertEquals("fc1 fc2", layers(ofType, Role.TARGET));
        Plan plan = plan(ALL, "layers", "fc1", "train", "auto");
        assertEquals("fc1", layers(plan, Role.TARGET));
        assertEquals("conv norm fc2 out", layers(plan, Role.TRAIN));
        assertEquals(List.of(), plan.warnings());
    }

    @Test
    void methodsThatLearnFromScratchKeepTheirTargets() {
        Plan plan = plan(ALL, "gradient", "galore", "train", "auto");
        assertEquals("conv fc1 fc2", layers(plan, Role.TARGET));
        assertEquals("norm out", layers(plan, Role.TRAIN));
    }

    /** Methods that learn from scratch learn less with it than such layers do in full. */
    @ParameterizedTest
    @CsvSource({"rank,2", "gradient,galore", "update,trp"})
    void whatIsAdaptedOnlyOnceTrainedTrainsInFullWhileItIsRandom(String key, String value) {
        for (Set<String> random : List.of(ALL, Set.of("conv"))) {
            Plan plan = Rules.of(key, value)
                    .plan(TestNetworks.mixed(DefaultTarget.ONCE_TRAINED).withRandom(random), Methods.load());
            assertEquals("fc1 fc2", layers(plan, Role.TARGET));
            assertTrue(layers(plan, Role.TRAIN).contains("conv"), layers(plan, Role.TRAIN));
        }
        Plan trained = Rules.of(key, value).plan(TestNetworks.mixed(DefaultTarget.ONCE_TRAINED), Methods.load());
        assertEquals("conv fc1 fc2", layers(trained, Role.TARGET));
        Plan named = Rules.of(key, value, "layers", "type:ConvolutionLayer")
                .plan(TestNetworks.mixed(DefaultTarget.ONCE_TRAINED).withRandom(ALL), Methods.load());
        assertEquals("conv", layers(named, Role.TARGET));
    }

    @Test
    void longListsAreCut() {
        List<String> names = List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j");
        assertEquals("a, b, c, d, e, f, g, h and 2 more", LayerRoles.some(names));
        assertEquals("a, b, c, d, e, f, g, h", LayerRoles.some(names.subList(0, 8)));
    }

    private static Plan plan(Set<String> random, String... arguments) {
        return Rules.of(arguments).plan(TestNetworks.mixed().withRandom(random), Methods.load());
    }

    private static String layers(Plan plan, Role role) {
        return plan.layers().stream()
                .filter(layer -> layer.role() == role)
                .map(layer -> layer.layer().name())
                .collect(Collectors.joining(" "));
    }

    /** The layers that the warning with that beginning names; empty if there is none. */
    private static String named(Plan plan, String beginning) {
        return plan.warnings().stream()
                .filter(warning -> warning.startsWith(beginning))
                .map(warning -> warning.substring(beginning.length(), warning.indexOf(". ")))
                .collect(Collectors.joining());
    }
}
