package org.lowrank4j.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;
import org.lowrank4j.kind.DefaultTarget;
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.network.NetworkShape.LayerShape;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.Plan;
import org.lowrank4j.rule.Rules;
import org.lowrank4j.rule.TestMethods;
import org.lowrank4j.rule.TestNetworks;

class PlanReportTest {

    private static final Map<String, Long> TOY_ADAPTERS =
            Map.of("dense1", 8L * (20 + 2000), "dense2", 8L * (2000 + 2000));

    @Test
    void countsPeftsToyNetworkAsItShouldBeCounted() {
        Plan plan = plan(TestNetworks.peftToy(), "rank", "8");
        assertEquals(
                "trainable params: 52,162 || all params: 4,096,162 || trainable%: 1.2734",
                PlanReport.totals(plan, TOY_ADAPTERS, OptionalLong.empty()));
    }

    @Test
    void isOneAlignedBlock() {
        Plan plan = plan(TestNetworks.peftToy(), "rank", "8", "id", "toy", "rank@dense1", "8");
        PlanReport.Memory memory = new PlanReport.Memory(
                208_648, 417_296, 16_192_008, 32_384_016, 385_280, "most in dense2: [dA | A] 2000x16");
        assertEquals("""
                MultiLayerNetwork 'toy' by agent arguments (rank, id, overrides)
                  methods: init kaiming, gradient exact, update lora
                  rates: LoRA+ ratio 1.0, bias none, seed of the network
                  #  layer   type         matrix     role    rank  scale     params  trained  because
                  0  dense1  DenseLayer   20x2000    target     8  1.000     42,000   16,160  default: supported layer
                  1  dense2  DenseLayer   2000x2000  target     8  1.000  4,002,000   32,000  default: supported layer
                  2  out     OutputLayer  2000x2     train                    4,002    4,002  default: output layer
                trainable params: 52,162 || all params: 4,096,162 || trainable%: 1.2734
                memory of training: gradient 203.8 KiB (stock 15.4 MiB), updater state 407.5 KiB (stock 30.9 MiB)
                memory of the methods: 376.3 KiB; most in dense2: [dA | A] 2000x16""", PlanReport.text(plan, TOY_ADAPTERS, OptionalLong.empty(), memory));
    }

    @Test
    void whatTrainsInThePlaceOfTheNetworkIsCounted() {
        Plan plan = Rules.of("update", "random-subspace").plan(TestNetworks.peftToy(), Methods.load());
        Map<String, Long> weights = Map.of("dense1", 40_000L, "dense2", 4_000_000L);
        assertEquals(
                "trainable params: 750 || all params: 4,048,752 || trainable%: 0.0185, which move 4,048,002 together",
                PlanReport.totals(plan, weights, OptionalLong.of(750)));
        assertTrue(PlanReport.text(plan, weights, OptionalLong.of(750), null).contains("bias lora-only"));
    }

    @Test
    void everyLineStaysUnderTheLimitWithLongNames() {
        String name = "a-layer-with-a-very-long-name-".repeat(6);
        NetworkShape network = TestNetworks.network(
                "ComputationGraph", TestNetworks.dense(name, 2_000_000, 300_000), TestNetworks.head("out", 300_000, 4));
        Plan plan =
                plan(network, "rank", "8", "layers", ".*long-name.*|nothing-else-in-this-network", "exclude", "out");
        String text = PlanReport.text(plan, Map.of(name, 18_400_000L), OptionalLong.empty(), null);
        for (String line : text.split("\n")) {
            assertTrue(("lowrank4j: " + line).length() < 120, line);
        }
        assertTrue(text.contains("600,000,300,000"), text);
        assertTrue(text.contains("warning: exclude 'out'"), text);
        assertFalse(text.contains("memory of training"), text);
    }

    @Test
    void whatMayBePastedIsOnOneLine() {
        List<String> names = new ArrayList<>();
        List<LayerShape> layers = new ArrayList<>(List.of(TestNetworks.dense("body", 20, 20)));
        for (int i = 0; i < 6; i++) {
            names.add("an/output=with/a/long/name/" + i);
            layers.add(TestNetworks.head(names.get(i), 20, 4));
        }
        NetworkShape network = TestNetworks.network("ComputationGraph", layers.toArray(new LayerShape[0]));
        Plan plan = plan(network, "rank", "2", "train", "none");
        String advice = "train=only:" + String.join(",", names);
        assertTrue(advice.length() > 107, advice);
        String text = PlanReport.text(plan, Map.of("body", 80L), OptionalLong.empty(), null);
        assertTrue(text.contains(advice), text);
    }

    @Test
    void moreNumbersThanFullTrainingTrainsAreToldInOneLine() {
        NetworkShape network = TestNetworks.network(
                "MultiLayerNetwork", TestNetworks.dense("small", 6, 6), TestNetworks.dense("large", 60, 60));
        Map<String, Long> entries = Map.of("small", 48L, "large", 480L);
        String text = PlanReport.text(plan(network, "rank", "4"), entries, OptionalLong.empty(), null);
        assertTrue(
                text.endsWith("\nwarning: more numbers train than the matrix has in small (48 for 36); a smaller rank"
                        + " trains fewer."),
                text);
        text = PlanReport.text(
                plan(network, "rank", "2"), Map.of("small", 24L, "large", 240L), OptionalLong.empty(), null);
        assertFalse(text.contains("warning"), text);
    }

    /** The first convolution is adapted only if it is named, as DL4J's are. */
    @Test
    void whatToWriteForLayersThatMustBeNamedIsSaid() {
        List<LayerShape> layers = new ArrayList<>(TestNetworks.mixed().layers());
        LayerShape conv = layers.get(0);
        layers.set(
                0,
                new LayerShape(
                        0,
                        conv.name(),
                        conv.type(),
                        conv.matrices(),
                        conv.parameters(),
                        false,
                        DefaultTarget.NEVER,
                        false,
                        conv.vectors(),
                        conv.statistics(),
                        conv.refusal(),
                        conv.vectorRefusal()));
        NetworkShape network = new NetworkShape("ComputationGraph", layers);
        Map<String, Long> adapters = Map.of("conv", 86L, "fc1", 192L, "fc2", 96L);
        String advice = "to adapt more: layers=type:DenseLayer:type:ConvolutionLayer,train=type:BatchNormalization";
        String text = PlanReport.text(plan(network, "rank", "2"), adapters, OptionalLong.empty(), null);
        assertTrue(text.endsWith("\n" + advice), text);

        // As it says.
        Plan followed = plan(
                network,
                "rank",
                "2",
                "layers",
                "type:DenseLayer:type:ConvolutionLayer",
                "train",
                "type:BatchNormalization");
        assertEquals(
                List.of("conv", "fc1", "fc2"),
                followed.targets().stream().map(Plan.Target::key).toList());
        text = PlanReport.text(followed, adapters, OptionalLong.empty(), null);
        assertFalse(text.contains("to adapt more"), text);
        // Where all matrices are adapted, normalisation is left.
        text = PlanReport.text(plan(TestNetworks.mixed(), "rank", "2"), adapters, OptionalLong.empty(), null);
        assertTrue(text.endsWith("\nto adapt more: train=type:BatchNormalization"), text);
    }

    @Test
    void biasesCountWhereTheyTrain() {
        String expected = "trainable params: %,d || all params: 4,096,162 || ";
        assertTrue(
                PlanReport.totals(plan(TestNetworks.peftToy(), "bias", "lora-only"), TOY_ADAPTERS, OptionalLong.empty())
                        .startsWith(expected.formatted(52_162 + 4_000)));
        assertTrue(PlanReport.totals(
                        plan(TestNetworks.peftToy(), "bias", "all", "train", "none"),
                        TOY_ADAPTERS,
                        OptionalLong.empty())
                .startsWith(expected.formatted(48_160 + 4_002)));
    }

    @Test
    void runningStatisticsAreNotTrainable() {
        Plan plan = plan(TestNetworks.mixed(), "rank", "2", "layers", "fc1", "train", "only:norm");
        assertTrue(
                PlanReport.totals(plan, Map.of("fc1", 192L), OptionalLong.empty())
                        .startsWith("trainable params: 224 || "),
                PlanReport.totals(plan, Map.of("fc1", 192L), OptionalLong.empty()));
    }

    @Test
    void differentMethodsAreListedWithTheirLayers() {
        Plan plan = plan(
                TestNetworks.peftToy(),
                "gradient@dense2",
                "galore",
                "galore.refresh",
                "50",
                "seed",
                "3",
                "loraplus",
                "16");
        String text = PlanReport.text(plan, TOY_ADAPTERS, OptionalLong.empty(), null);
        assertTrue(text.contains("  methods: init kaiming, gradient exact, update lora for dense1\n"), text);
        assertTrue(
                text.contains("  methods: gradient galore, update weight, options {galore.refresh=50} for dense2\n"),
                text);
        assertTrue(text.contains("LoRA+ ratio 16.0, bias none, seed 3"), text);
    }

    @Test
    void aMissingCountIsAnError() {
        Plan plan = plan(TestNetworks.peftToy(), "rank", "8");
        LowRankException refused = assertThrows(
                LowRankException.class, () -> PlanReport.totals(plan, Map.of("dense1", 1L), OptionalLong.empty()));
        assertTrue(refused.getMessage().contains("'dense2'"), refused.getMessage());
    }

    /** As in ResNet: many layers of few kinds, most of them without parameters. */
    @Test
    void longTablesShowLayersThatAreAlikeInOneRow() {
        NetworkShape.LayerShape[] layers = new NetworkShape.LayerShape[160];
        for (int i = 0; i < layers.length; i++) {
            layers[i] = i % 2 == 0
                    ? TestNetworks.dense("dense" + i, 10 + i % 4, 12)
                    : new NetworkShape.LayerShape(
                            0,
                            "act" + i,
                            "ActivationLayer",
                            List.of(),
                            Map.of(),
                            false,
                            DefaultTarget.NEVER,
                            false,
                            List.of(),
                            List.of(),
                            "it has none",
                            null);
        }
        Plan plan = plan(TestNetworks.network("ComputationGraph", layers), "rank", "2");
        Map<String, Long> entries = new HashMap<>();
        plan.layers().forEach(layer -> entries.put(layer.layer().name(), 44L));
        List<String> lines = PlanReport.text(plan, entries, OptionalLong.empty(), null)
                .lines()
                .toList();
        assertTrue(lines.size() < 12, lines::toString);
        assertTrue(
                lines.stream().anyMatch(line -> line.contains("dense0 and 39 more") && line.contains("1,760")),
                lines::toString);
        assertTrue(lines.contains("  and 80 layers without parameters"), lines::toString);
    }

    /** W that trains itself is no parameter besides W. */
    @Test
    void aWeightThatTrainsItselfCountsOnce() {
        Plan plan = Rules.of("update", "full").plan(TestNetworks.peftToy(), Methods.load());
        assertTrue(PlanReport.totals(plan, Map.of("dense1", 40_000L, "dense2", 4_000_000L), OptionalLong.empty())
                .startsWith("trainable params: 4,044,002 || all params: 4,048,002 || "));
    }

    @Test
    void whatAMethodDoesNotUseIsNotShown() {
        String[] updates = {"maestro", "vera", "adalora"};
        String[] cells = {" -      - ", " 8      - ", " 8  1.000 "};
        for (int i = 0; i < updates.length; i++) {
            assertRow(cells[i], "update", updates[i], "rank", "8");
        }
        assertRow(" 8      - ", "gradient", "galore", "rank", "8");
    }

    private static void assertRow(String cells, String... arguments) {
        Plan plan = Rules.of(arguments).plan(TestNetworks.peftToy(), Methods.load());
        Map<String, Long> weights = Map.of("dense1", 40_000L, "dense2", 4_000_000L);
        String text = PlanReport.text(plan, weights, OptionalLong.empty(), null);
        assertTrue(text.replaceAll(" +(?=- )", " ").contains(cells.replaceAll(" +(?=- )", " ")), text);
    }

    private static Plan plan(NetworkShape network, String... arguments) {
        return Rules.of(arguments).plan(network, TestMethods.all());
    }

    @Test
    void tablesGoOnBelowAndCutNothing() {
        TextTable table = new TextTable(List.of("name", "n"), java.util.Set.of(1));
        table.add(List.of("one two three four", "1234567"));
        table.add(List.of("abcdefghijklmnop", "8"));
        table.add(List.of("Bidirectional(LSTM)", "9"));
        assertEquals(
                List.of(
                        "  name                 n",
                        "  one two three  1234567",
                        "  four",
                        "  abcdefghijklm        8",
                        "  nop",
                        "  Bidirectional        9",
                        "  (LSTM)"),
                table.lines(24));
        assertThrows(IllegalArgumentException.class, () -> table.add(List.of("one cell")));
    }

    @Test
    void wordsEndAtMarksAndAreCutLast() {
        TextTable table = new TextTable(List.of("what", "n"), java.util.Set.of(1));
        table.add(List.of("galore.refresh=50,galore.side=inputs", "1"));
        table.add(List.of("encoder/attention/query", "2"));
        assertEquals(
                List.of(
                        "  what             n",
                        "  galore.refresh=  1",
                        "  50,galore.side=",
                        "  inputs",
                        "  encoder/         2",
                        "  attention/query"),
                table.lines(20));
        TextTable wide = new TextTable(List.of("type", "because"), java.util.Set.of());
        wide.add(List.of("BatchNormalization", "what the rule says of it"));
        assertEquals(
                List.of(
                        "  type                because",
                        "  BatchNormalization  what the",
                        "                      rule says of",
                        "                      it"),
                wide.lines(34));
    }
}
