package org.lowrank4j.rule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;
import org.lowrank4j.kind.DefaultTarget;
import org.lowrank4j.network.NetworkShape;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.rule.Plan.LayerPlan;
import org.lowrank4j.rule.Plan.Role;
import org.lowrank4j.rule.Plan.TargetSettings;

class PlannerTest {

    @Test
    void byDefaultAllSupportedLayersButOutputsAreAdaptedAndOutputsTrain() {
        Plan plan = plan("rank", "2");
        assertEquals("conv fc1 fc2", layers(plan, Role.TARGET));
        assertEquals("out", layers(plan, Role.TRAIN));
        assertEquals("norm pool old", layers(plan, Role.FROZEN));
        assertEquals(
                List.of(
                        "default: supported layer",
                        "cannot be a target: it has no weight matrix that can be adapted",
                        "no parameters",
                        "frozen by the program",
                        "default: supported layer",
                        "default: supported layer",
                        "default: output layer"),
                plan.layers().stream().map(LayerPlan::because).toList());
    }

    @Test
    void fewBitsAreForUpdatesWithFactorsThatOnlyStepsChange() {
        TargetSettings settings = plan("bits", "3").targets().get(0).settings();
        assertEquals(3, settings.bits());
        assertTrue(plan("bits", "3").settings().toString().contains("bits=3"));
        assertEquals(0, plan("rank", "2").targets().get(0).settings().bits());
        for (String update : List.of("relora", "full", "hira")) {
            String message = assertThrows(
                            LowRankException.class,
                            () -> rule(Rules.map("bits", "2", "update", update))
                                    .plan(TestNetworks.mixed(), Methods.load()))
                    .getMessage();
            assertTrue(message.contains("bits=2 (agent argument bits) does not go with update=" + update), message);
            assertTrue(message.contains("It goes with update=dora, kasa, loha, lokr, lora, "), message);
        }
        for (String wrong : List.of("9", "-1", "two", "1.5")) {
            String message = assertThrows(LowRankException.class, () -> plan("bits", wrong))
                    .getMessage();
            assertTrue(message.contains("bits is a whole number from 1 to 8, or 0"), message);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "fc1          | ''   | ''   | fc1           | out",
                "fc1:conv     | ''   | ''   | conv fc1      | out",
                "fc.          | ''   | ''   | fc1 fc2       | out",
                "0..5         | ''   | ''   | conv fc1 fc2  | out",
                ".*           | ''   | ''   | conv fc1 fc2 out | ''",
                ".*           | out  | ''   | conv fc1 fc2  | out",
                ".*           | ''   | out  | conv fc1 fc2  | out",
                "DenseLayer   | ''   | ''   | fc1 fc2       | out",
                "out          | ''   | ''   | out           | ''",
                "''           | fc2  | ''   | conv fc1      | out",
                "''           | fc.  | ''   | conv          | out",
                "''           | none | ''   | conv fc1 fc2  | out",
                "''           | ''   | none | conv fc1 fc2  | ''",
                "''           | ''   | fc2  | conv fc1      | fc2 out",
                "''           | ''   | only:fc2 | conv fc1  | fc2",
                "''           | ''   | only: norm : fc2 | conv fc1 | norm fc2",
                "''           | ''   | only:none | conv fc1 fc2 | ''",
                "out          | ''   | norm | out           | norm",
                "''           | ''   | norm:out | conv fc1 fc2 | norm out",
                "''           | ''   | .*   | ''            | conv norm fc1 fc2 out",
                "fc1          | ''   | 5..  | fc1           | fc2 out",
            })
    void choosesRoles(String layers, String exclude, String train, String targets, String trained) {
        Map<String, String> arguments = Rules.map("rank", "2");
        if (!layers.isEmpty()) {
            arguments.put("layers", layers);
        }
        if (!exclude.isEmpty()) {
            arguments.put("exclude", exclude);
        }
        if (!train.isEmpty()) {
            arguments.put("train", train);
        }
        Rule rule = rule(arguments);
        Plan plan = rule.plan(TestNetworks.mixed(), TestMethods.all());
        assertEquals(targets, layers(plan, Role.TARGET));
        assertEquals(trained, layers(plan, Role.TRAIN));
    }

    /** The first layer keeps the user's updater, unless it is asked for. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "muon   | exclude       | none | fc1 fc2      | conv out",
                "muon   | exclude       | conv | fc1 fc2      | out",
                "muon   | layers        | 0..5 | conv fc1 fc2 | out",
                "muon   | gradient@conv | muon | conv fc1 fc2 | out",
                "muon   | train         | none | fc1 fc2      | ''",
                "galore | gradient@fc1  | muon | conv fc1 fc2 | out",
                "galore | exclude       | none | conv fc1 fc2 | out",
            })
    void methodsForHiddenLayersLeaveTheFirst(
            String gradient, String key, String value, String targets, String trained) {
        Plan plan = rule(Rules.map("gradient", gradient, "rank", "2", key, value))
                .plan(TestNetworks.mixed(), Methods.load());
        assertEquals(targets, layers(plan, Role.TARGET));
        assertEquals(trained, layers(plan, Role.TRAIN));
        if (trained.startsWith("conv")) {
            assertEquals(
                    "default: first layer, which gradient muon leaves to the updater unless layers names it",
                    plan.layers().get(0).because());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "layers, dens1, layers",
        "exclude, dens1, exclude",
        "train, dens1, train",
        "rank@dens1, 2, an override's layers",
    })
    void aPatternThatMatchesNothingIsAnErrorWithTheNearestNames(String key, String value, String what) {
        Rule rule = Rules.of(key, value);
        String message = assertThrows(
                        LowRankException.class, () -> rule.plan(TestNetworks.peftToy(), TestMethods.all()))
                .getMessage();
        assertEquals(
                "No layer matches 'dens1' of " + what + " (agent argument " + key
                        + "). Nearest: dense1, dense2, out. Layers of this MultiLayerNetwork: 0 dense1 (DenseLayer),"
                        + " 1 dense2 (DenseLayer), 2 out (OutputLayer).",
                message);
    }

    @ParameterizedTest
    @CsvSource({
        "layers, 0..7, 0..7, layers",
        "layers, fc1:..99/W, ..99/W, layers",
        "layers, 8..9, 8..9, layers",
        "exclude, 5..7, 5..7, exclude",
        "train, only:6..7, 6..7, train",
        "train, auto:6..9, 6..9, train",
        "rank@4..7, 2, 4..7, an override's layers",
    })
    void aRangeThatGoesPastTheEndIsAnErrorWithTheLastLayer(String key, String value, String range, String what) {
        String message = refusal("alpha", "2", key, value);
        assertTrue(
                message.startsWith("The range '" + range + "' of " + what + " (agent argument " + key
                        + ") goes past the end: the last layer of this ComputationGraph is 6, and a range to the end is"
                        + " written without one (0..). Layers of this ComputationGraph: 0 conv (ConvolutionLayer),"),
                message);
    }

    @Test
    void aRangeThatAnotherNetworkHasInFullMeansWhatThisOneHas() {
        Rule rule = Rules.of("layers", "0..3", "rank", "2");
        rule.among(List.of(TestNetworks.peftToy(), TestNetworks.mixed()));
        assertEquals("dense1 dense2 out", layers(rule.plan(TestNetworks.peftToy(), TestMethods.all()), Role.TARGET));
    }

    @Test
    void longNetworksAreListedInShort() {
        NetworkShape.LayerShape[] layers = new NetworkShape.LayerShape[30];
        for (int i = 0; i < layers.length; i++) {
            layers[i] = TestNetworks.dense("layer" + i, 9, 9);
        }
        NetworkShape network = TestNetworks.network("MultiLayerNetwork", layers);
        Rule rule = Rules.of("layers", "40");
        String message = assertThrows(LowRankException.class, () -> rule.plan(network, TestMethods.all()))
                .getMessage();
        assertTrue(message.endsWith("23 layer23 (DenseLayer), and 6 more."), message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "layers | norm | 'norm' (BatchNormalization) is named in layers 'norm' (agent argument layers), but cannot be a target: it has no weight matrix that can be adapted. Take it out of layers; to train it in full, write train=norm.",
                "layers | 1    | 'norm' (BatchNormalization) is named in layers '1' (agent argument layers), but cannot be a target",
                "layers | old  | 'old' is named in layers 'old' (agent argument layers), but the program froze it",
                "layers | 1..2 | leaves no layer of this ComputationGraph to adapt: conv (ConvolutionLayer): not selected; norm (BatchNormalization): cannot be a target: it has no weight matrix that can be adapted; pool (SubsamplingLayer): no parameters; old (DenseLayer): frozen by the program",
                "layers | type:BatchNormalization | leaves no layer",
                "layers | [o]ld | leaves no layer",
                "train  | old  | 'old' (DenseLayer) is named in train 'old' (agent argument train), but the program froze it",
                "train  | pool | 'pool' (SubsamplingLayer) is named in train 'pool' (agent argument train), but it has no parameters",
                "exclude| .*   | leaves no layer",
            })
    void whatIsNamedMustBePossible(String key, String value, String reason) {
        String message = refusal("rank", "2", key, value);
        assertTrue(message.contains(reason), message);
    }

    @Test
    void layersThatASemicolonSeparatesAreToldTheSeparator() {
        String message = refusal("rank", "2", "layers", "fc1;conv");
        assertTrue(
                message.startsWith("No layer matches 'fc1;conv' of layers (agent argument layers). A list is separated"
                        + " by ':' or ','. Nearest: "),
                message);
    }

    /** Cut off or not, and with or without {@code type:}, as it was written. */
    @Test
    void theNearestOfATypeAreTypes() {
        assertTrue(refusal("rank", "2", "layers", "type:Conv").contains("Nearest: type:ConvolutionLayer, "));
        assertTrue(refusal("rank", "2", "layers", "type:DensLayer").contains("Nearest: type:DenseLayer, "));
        assertTrue(refusal("rank", "2", "layers", "Dense").contains("Nearest: DenseLayer, "));
    }

    /** What a layer has is told where the layer is right and its parameter is not. */
    @Test
    void aMatrixThatIsNotThereIsToldFromALayerThatIsNot() {
        String message = refusal("rank", "2", "layers", "fc1/XX");
        assertTrue(
                message.contains(
                        "No layer matches 'fc1/XX' of layers (agent argument layers): the matrices of 'fc1' are W;"
                                + " its vectors, b, train by bias=all. Nearest: "),
                message);
    }

    @ParameterizedTest
    @CsvSource({
        "layers, lstm/XX, lstm/XX, layers (agent argument layers), lstm",
        "layers, 0/XX, 0/XX, layers (agent argument layers), lstm",
        "layers, type:LSTM/XX, type:LSTM/XX, layers (agent argument layers), type:LSTM",
        "rank@LSTM/XX, 2, LSTM/XX, an override's layers (agent argument rank@LSTM/XX), lstm",
    })
    void theMatricesOfALayerAreToldHoweverItIsNamed(
            String key, String value, String pattern, String where, String nearest) {
        NetworkShape network = TestNetworks.network(
                "MultiLayerNetwork", TestNetworks.lstm("lstm", 4, 16), TestNetworks.head("out", 16, 3));
        String message = assertThrows(
                        LowRankException.class, () -> Rules.of(key, value).plan(network, TestMethods.all()))
                .getMessage();
        assertTrue(
                message.startsWith("No layer matches '" + pattern + "' of " + where
                        + ": the matrices of 'lstm' are W, RW; its vectors, b, train by bias=all. Nearest: " + nearest),
                message);
    }

    /** What a refusal says to write, written beside what it refused. */
    @Test
    void anOverrideForAMatrixWinsOverOneForItsLayer() {
        NetworkShape network = TestNetworks.network(
                "MultiLayerNetwork", TestNetworks.lstm("lstm", 4, 16), TestNetworks.head("out", 16, 3));
        String message = assertThrows(
                        LowRankException.class, () -> Rules.of("rank@lstm", "9").plan(network, TestMethods.all()))
                .getMessage();
        assertTrue(message.contains("its largest rank is 4. Give it that (rank@lstm/W=4,"), message);
        for (String[] order : List.of(
                new String[] {"rank@lstm", "9", "rank@lstm/W", "4"},
                new String[] {"rank@lstm/W", "4", "rank@lstm", "9"})) {
            Plan plan = Rules.of(order).plan(network, TestMethods.all());
            assertEquals(
                    List.of(4, 9),
                    plan.targets().stream()
                            .map(target -> target.settings().rank())
                            .toList());
        }
        assertThrows(
                LowRankException.class,
                () -> Rules.of("rank@lstm/W", "4", "rank@0/W", "3").plan(network, TestMethods.all()));
    }

    /** A rule for no layer in particular is none for a network without such layers; what it says of layers must hold. */
    @Test
    void aRuleThatNamesNoLayersMayFindNone() {
        NetworkShape network = TestNetworks.network("MultiLayerNetwork", TestNetworks.head("out", 10, 3));
        for (Rule rule : List.of(Rules.of("rank", "4"), Rules.of("rank", "4", "train", "out", "bias", "all"))) {
            assertEquals("", layers(rule.plan(network, TestMethods.all()), Role.TARGET));
        }
        for (Rule rule : List.of(
                Rules.of("layers", "type:OutputLayer", "exclude", "out"),
                Rules.of("rank", "4", "train", "none"),
                Rules.of("rank@out", "2"))) {
            String message = assertThrows(LowRankException.class, () -> rule.plan(network, TestMethods.all()))
                    .getMessage();
            assertTrue(message.endsWith("What can be adapted: layers=out."), message);
        }
        assertEquals("out", layers(Rules.of("layers", "out").plan(network, TestMethods.all()), Role.TARGET));
    }

    /** One rule, two networks: what names a layer of one is no slip at the other. */
    @Test
    void layersOfAnotherNetworkOfTheRuleAreNoSlip() {
        NetworkShape other = TestNetworks.network("MultiLayerNetwork", TestNetworks.dense("lone", 9, 9));
        RuleBook book = Rules.book("layers", "dense1", "rank@dense2", "2");
        Rule alone = book.ruleFor(Creation.of(other, 1, List.of())).orElseThrow();
        assertThrows(LowRankException.class, () -> alone.plan(other, TestMethods.all()));
        Rule first =
                book.ruleFor(Creation.of(TestNetworks.peftToy(), 2, List.of())).orElseThrow();
        assertEquals("dense1", layers(first.plan(TestNetworks.peftToy(), TestMethods.all()), Role.TARGET));
        assertEquals("", layers(alone.plan(other, TestMethods.all()), Role.TARGET));
    }

    @Test
    void refusalsOfLargeNetworksAreShort() {
        NetworkShape.LayerShape[] layers = new NetworkShape.LayerShape[300];
        for (int i = 0; i < layers.length; i++) {
            layers[i] = TestNetworks.dense("a_layer_with_a_long_name_as_imported_networks_have_them_" + i, 9, 9);
        }
        NetworkShape network = TestNetworks.network("ComputationGraph", layers);
        for (Rule rule : List.of(Rules.of("layers", "nosuch"), Rules.of("exclude", ".*"))) {
            String message = assertThrows(LowRankException.class, () -> rule.plan(network, TestMethods.all()))
                    .getMessage();
            assertTrue(message.length() < 1100, message);
        }
    }

    @Test
    void aStrictRuleStopsOnWarnings() {
        for (String[] warned : List.of(
                new String[] {"train", "none"},
                new String[] {"exclude", "out"},
                new String[] {"rank@out", "1"},
                new String[] {"bias", "all", "layers", "fc1", "train", "none"})) {
            assertTrue(plan(warned).warnings().size() > 0);
            Map<String, String> strict = Rules.map(warned);
            strict.put("strict", "true");
            Rule rule = rule(strict);
            String message = assertThrows(
                            LowRankException.class, () -> rule.plan(TestNetworks.mixed(), TestMethods.all()))
                    .getMessage();
            assertTrue(message.startsWith("strict=true stops on what would be a warning: "), message);
        }
    }

    @Test
    void aLayerIsNotBothAdaptedByNameAndTrained() {
        for (String train : List.of("fc1", "4")) {
            String message = refusal("rank", "2", "layers", "fc1", "train", train);
            assertTrue(
                    message.startsWith("Layer 'fc1' is in layers 'fc1' (agent argument layers) and in train '" + train
                            + "' (agent argument train)."),
                    message);
        }
        Plan plan = plan("rank", "2", "layers", "fc1", "train", "0..");
        assertEquals("fc1", layers(plan, Role.TARGET));
        assertEquals("conv norm fc2 out", layers(plan, Role.TRAIN));
    }

    @Test
    void anExclusionWithoutEffectIsAWarning() {
        Plan plan = plan("rank", "2", "exclude", "out:fc2");
        assertEquals(
                List.of("exclude 'out' (agent argument exclude) excludes nothing: without it no layer that it matches"
                        + " would be a target."),
                plan.warnings());
        assertEquals("exclude fc2", plan.layers().get(5).because());
    }

    /** Whatever the source: adding a layer to train leaves the output layers in it. */
    @Test
    void trainAddsToTheDefaultInEverySource() {
        List<Rule> rules = List.of(
                Rules.of("train", "norm"),
                ruleOf(Map.of(), Rules.properties("lowrank.train", "norm"), Map.of()),
                ruleOf(Map.of(), new Properties(), Map.of("LOWRANK_TRAIN", "norm")));
        for (Rule rule : rules) {
            Plan plan = rule.plan(TestNetworks.mixed(), TestMethods.all());
            assertEquals("norm out", layers(plan, Role.TRAIN), rule::source);
            assertEquals(List.of(), plan.warnings());
        }
    }

    @ParameterizedTest
    @CsvSource({"none", "only:norm", "only:none", "only:fc2"})
    void aNetworkWithoutATrainedOutputLayerIsWarnedOfAndTheAdviceHelps(String train) {
        List<String> warnings = plan("rank", "2", "train", train).warnings();
        assertEquals(
                List.of("no output layer is trained or adapted (train '" + train
                        + "', agent argument train): out stays as"
                        + " it is, which is right only for one that is trained already. Otherwise write train=only:out,"
                        + " or leave train out."),
                warnings);
        Plan advised = plan("rank", "2", "train", "only:out");
        assertEquals(List.of(), advised.warnings());
        assertEquals("out", layers(advised, Role.TRAIN));
        assertEquals(
                List.of(),
                plan("rank", "2", "train", train, "layers", "conv:out").warnings());
    }

    /** Of 4-10-10-3 with rank 8 the first layer gets 4, and alpha / 4, as if 4 had been written for it. */
    @Test
    void aRankForAllLayersIsCutToWhatFitsASmallOne() {
        NetworkShape network = TestNetworks.network(
                "MultiLayerNetwork",
                TestNetworks.dense("narrow", 4, 10),
                TestNetworks.dense("wide", 10, 10),
                TestNetworks.head("out", 10, 3));
        for (Rule rule :
                List.of(Rules.of("alpha", "16"), Rules.of("rank", "8", "alpha", "16", "layers", "narrow:wide"))) {
            Plan plan = rule.plan(network, TestMethods.all());
            assertEquals(4, settings(plan, "narrow").rank());
            assertEquals(8, settings(plan, "wide").rank());
            assertEquals(4.0, settings(plan, "narrow").scale());
            assertEquals(2.0, settings(plan, "wide").scale());
            Plan asEarlier = plan.withScalesAsked();
            assertEquals(4, settings(asEarlier, "narrow").rank());
            assertEquals(2.0, settings(asEarlier, "narrow").scale());
            assertEquals(settings(plan, "wide"), settings(asEarlier, "wide"));
            assertTrue(plan.layers().get(0).because().startsWith("rank 8 asked for; "), plan.layers()::toString);
            assertEquals(List.of(), plan.warnings());
        }
    }

    /** Where the rank means nothing to the methods, nothing is said of it. */
    @Test
    void aRankThatNobodyUsesIsNotSaidToBeCut() {
        NetworkShape network = TestNetworks.network(
                "MultiLayerNetwork", TestNetworks.dense("narrow", 4, 10), TestNetworks.head("out", 10, 3));
        Plan plan = Rules.of("rank", "8", "update", "full", "layers", "narrow").plan(network, Methods.load());
        String because = plan.layers().get(0).because();
        assertTrue(because.startsWith("layers narrow"), because);
    }

    /** Alpha of the user, of the update and of the init; an update must not get smaller the more is asked for. */
    @ParameterizedTest
    @CsvSource({
        "alpha, 16, standard, 4",
        "alpha, 16, rslora, 8",
        "update, lora, standard, 2",
        "init, sb, standard, 1",
    })
    void theScaleIsThatOfTheRankInForce(String key, String value, String scaling, double scale) {
        NetworkShape network = TestNetworks.network(
                "MultiLayerNetwork", TestNetworks.dense("narrow", 4, 10), TestNetworks.head("out", 10, 3));
        for (String rank : List.of("4", "8", "10000")) {
            Plan plan = Rules.of("rank", rank, key, value, "scaling", scaling).plan(network, TestMethods.all());
            assertEquals(4, settings(plan, "narrow").rank());
            assertEquals(scale, settings(plan, "narrow").scale(), 1e-12, rank);
        }
    }

    @Test
    void aRankForOneLayerThatDoesNotFitIsAnErrorWhoseAdviceWorks() {
        NetworkShape network = TestNetworks.network(
                "MultiLayerNetwork", TestNetworks.dense("narrow", 20, 4), TestNetworks.head("out", 4, 2));
        String message = assertThrows(
                        LowRankException.class,
                        () -> Rules.of("rank@narrow", "5").plan(network, TestMethods.all()))
                .getMessage();
        assertEquals(
                "rank 5 (agent argument rank@narrow) is too large for layer 'narrow' (DenseLayer, W 20 x 4): its largest"
                        + " rank is 4. Give it that (rank@narrow=4, or @LowRank.Layer(layers = \"narrow\", rank = 4)), or"
                        + " exclude it (exclude=narrow).",
                message);
        assertEquals(
                4,
                settings(Rules.of("rank@narrow", "4").plan(network, TestMethods.all()), "narrow")
                        .rank());
    }

    /** LoRA-GA takes 2 r directions of the gradient, and an orthogonal start an even rank. */
    @ParameterizedTest
    @CsvSource({
        "lora-ga, 10, 10, 5", "lora-ga, 3, 10, 1", "lora-ga, 10, 1, 0",
        "orthogonal, 5, 9, 4", "orthogonal, 10, 1, 0", "pissa, 10, 1, 1",
    })
    void aStartThatNeedsMoreGetsTheLargestRankThatItCanStart(String init, int inputs, int outputs, int rank) {
        NetworkShape network = TestNetworks.network(
                "MultiLayerNetwork",
                TestNetworks.dense("wide", 30, 30),
                TestNetworks.dense("small", inputs, outputs),
                TestNetworks.head("out", 10, 3));
        Plan plan = Rules.of("rank", "8", "init", init).plan(network, Methods.load());
        assertEquals(8, settings(plan, "wide").rank());
        if (rank > 0) {
            assertEquals(rank, settings(plan, "small").rank());
            return;
        }
        assertEquals("small", layers(plan, Role.FROZEN));
        assertEquals("init " + init + " leaves it no rank", plan.layers().get(1).because());
        String message = assertThrows(
                        LowRankException.class,
                        () -> Rules.of("rank", "8", "init", init, "layers", "small")
                                .plan(network, Methods.load()))
                .getMessage();
        assertTrue(message.contains("init=" + init + " leaves it no rank. Give it another init"), message);
    }

    @Test
    void anOutputLayerThatNoRankFitsTrainsInFull() {
        NetworkShape network = TestNetworks.network(
                "MultiLayerNetwork", TestNetworks.dense("wide", 30, 30), TestNetworks.head("out", 30, 1));
        Plan plan = Rules.of("rank", "8", "init", "lora-ga", "layers", ".*").plan(network, Methods.load());
        assertEquals("out", layers(plan, Role.TRAIN));
    }

    /** The mean rank at the end is cut with the rank at the start; one above what was asked for is a slip. */
    @Test
    void theFinalRankOfAdaLoraIsCutWithTheFirst() {
        NetworkShape network = TestNetworks.network(
                "MultiLayerNetwork", TestNetworks.dense("small", 3, 30), TestNetworks.head("out", 30, 2));
        String[] rule = {"update", "adalora", "rank", "8", "adalora.total-steps", "100", "adalora.target-rank", "5"};
        assertEquals(
                "3",
                settings(Rules.of(rule).plan(network, Methods.load()), "small")
                        .options()
                        .get("adalora.target-rank"));
        rule[7] = "9";
        assertEquals(
                "9",
                settings(Rules.of(rule).plan(network, Methods.load()), "small")
                        .options()
                        .get("adalora.target-rank"));
    }

    @Test
    void overridesChangeSingleLayers() {
        Plan plan = plan("rank", "2", "alpha", "4", "rank@fc.*", "3", "alpha@5", "9", "scaling@conv", "rslora");
        assertEquals(2, settings(plan, "conv").rank());
        assertEquals(Scaling.RSLORA, settings(plan, "conv").scaling());
        assertEquals(4 / Math.sqrt(2), settings(plan, "conv").scale());
        assertEquals(3, settings(plan, "fc1").rank());
        assertEquals(4, settings(plan, "fc1").alpha());
        assertEquals(9, settings(plan, "fc2").alpha());
        assertEquals(3.0, settings(plan, "fc2").scale());
    }

    @Test
    void overridesOfOneSourceMustAgree() {
        String message = refusal("rank", "2", "rank@fc.*", "3", "rank@fc1", "4");
        assertEquals(
                "Two overrides set rank of layer 'fc1': to 3 (agent argument rank@fc.*) and to 4 (agent argument"
                        + " rank@fc1). Make their patterns disjoint or their values equal.",
                message);
        assertEquals(
                3,
                settings(plan("rank", "2", "rank@fc.*", "3", "rank@fc1", "03"), "fc1")
                        .rank());
        message = refusal("gradient", "galore", "rank", "2", "galore.scale@fc.*", "3", "galore.scale@fc1", "4");
        assertTrue(message.startsWith("Two overrides set galore.scale of layer 'fc1'"), message);
    }

    @Test
    void theOverrideOfTheFirstSourceWins() {
        Rule rule = RuleBook.read(
                        Map.of("rank@fc1", "3"),
                        Rules.properties("lowrank.rank@fc.*", "4", "lowrank.rank", "2"),
                        Map.of())
                .ruleFor(Creation.of(TestNetworks.mixed(), 1, List.of()))
                .orElseThrow();
        Plan plan = rule.plan(TestNetworks.mixed(), TestMethods.all());
        assertEquals(3, settings(plan, "fc1").rank());
        assertEquals(4, settings(plan, "fc2").rank());
        assertEquals(2, settings(plan, "conv").rank());
    }

    @Test
    void anOverrideWithoutEffectIsAWarning() {
        assertEquals(
                List.of("The override for 'out' (agent argument rank@out) changes nothing: none of its layers is a"
                        + " target."),
                plan("rank", "2", "rank@out", "1").warnings());
    }

    @ParameterizedTest
    @CsvSource({
        "'', '', '', kaiming, exact, lora",
        "pissa, '', '', pissa, exact, lora",
        "'', galore, '', , galore, weight",
        "'', '', switch-lora, gaussian, exact, switch-lora",
        "'', galore, lora, kaiming, galore, lora",
        "lora-ga, exact, switch-lora, lora-ga, exact, switch-lora",
        "'', exact, weight, , exact, weight",
    })
    void completesMethods(
            String init, String gradient, String update, @Nullable String asInit, String asGradient, String asUpdate) {
        Map<String, String> arguments = Rules.map("rank", "2");
        Map.of("init", init, "gradient", gradient, "update", update).forEach((key, value) -> {
            if (!value.isEmpty()) {
                arguments.put(key, value);
            }
        });
        TargetSettings settings = settings(rule(arguments).plan(TestNetworks.mixed(), TestMethods.all()), "fc1");
        assertEquals(asInit, settings.initialisation());
        assertEquals(asGradient, settings.gradient());
        assertEquals(asUpdate, settings.update());
    }

    @ParameterizedTest
    @CsvSource({
        "init, pisa, unknown init 'pisa' (agent argument init). Known:, Did you mean 'pissa'?",
        "gradient, galor, unknown gradient 'galor' (agent argument gradient). Known:, Did you mean 'galore'?",
        "update, loar, unknown update 'loar' (agent argument update). Known:, Did you mean 'lora'?",
        "loss, stokc, unknown loss 'stokc' (agent argument loss). Known:, Did you mean 'stock'?",
        "update@fc1, loar, unknown update 'loar' (agent argument update@fc1). Known:, Did you mean 'lora'?",
    })
    void unknownMethodsAreErrors(String key, String value, String start, String end) {
        String message = refusal("rank", "2", key, value);
        assertTrue(message.startsWith(start) && message.endsWith(end), message);
    }

    @Test
    void anInitialisationNeedsFactors() {
        String message = refusal("rank", "2", "gradient", "galore", "init", "pissa");
        assertEquals(
                "init 'pissa' (agent argument init) does not fit update 'weight', which has no factors that an init"
                        + " starts. These pairs work: update=weight without init, init=pissa with update=lora, init=pissa with"
                        + " update=switch-lora.",
                message);
    }

    @Test
    void anOverrideWithoutFactorsDropsTheInitialisationOfTheRule() {
        Plan plan = plan("rank", "2", "init", "pissa", "update@fc1", "weight");
        assertNull(settings(plan, "fc1").initialisation());
        assertEquals("pissa", settings(plan, "fc2").initialisation());
        String message = refusal("rank", "2", "init@fc1", "pissa", "update@fc1", "weight");
        assertTrue(message.startsWith("init 'pissa' (agent argument init@fc1) does not fit update 'weight'"), message);
    }

    @Test
    void aRankThatNoMethodLooksAtMayBeTooLarge() {
        NetworkShape shape = TestNetworks.mixed();
        Methods real = Methods.load();
        Rule rule = rule(Rules.map("rank", "100000", "update", "full", "layers", "fc1"));
        assertEquals("full", settings(rule.plan(shape, real), "fc1").update());
        Rule galore = rule(Rules.map("gradient", "galore", "rank@fc1", "100000"));
        assertThrows(LowRankException.class, () -> galore.plan(shape, real));
    }

    @Test
    void anInitialisationThatStartsOnlyOneUpdateBringsIt() {
        TargetSettings settings = settings(plan("rank", "2", "init", "sb"), "fc1");
        assertEquals("sb", settings.initialisation());
        assertEquals("core", settings.update());
        assertEquals(2, settings.alpha(), "the alpha of the init");
        assertEquals("xs", settings(plan("rank", "2", "update", "core"), "fc1").initialisation());
        assertEquals(
                "sb",
                settings(plan("rank", "2", "update", "core", "init", "sb"), "fc1")
                        .initialisation());
        assertEquals(
                "core",
                settings(plan("rank", "2", "gradient", "galore", "init", "sb"), "fc1")
                        .update());
    }

    @Test
    void anInitialisationAndAnUpdateThatDoNotFitAreRefusedWithThePairsThatDo() {
        assertEquals(
                "init 'sb' (agent argument init) does not fit update 'lora'. These pairs work: init=gaussian with"
                        + " update=lora, init=kaiming with update=lora, init=lora-ga with update=lora, init=pissa with"
                        + " update=lora, init=sb with update=core.",
                refusal("rank", "2", "init", "sb", "update", "lora"));
        assertEquals(
                "init 'pissa' (agent argument init) does not fit update 'core'. These pairs work: init=sb with"
                        + " update=core, init=xs with update=core, init=pissa with update=lora, init=pissa with"
                        + " update=switch-lora.",
                refusal("rank", "2", "init", "pissa", "update", "core"));
    }

    @Test
    void anOverrideOfOneMethodBringsTheOtherForItsLayer() {
        Plan byInit = plan("rank", "2", "update", "switch-lora", "init@fc1", "sb");
        assertEquals("core", settings(byInit, "fc1").update());
        assertEquals("switch-lora", settings(byInit, "fc2").update());
        Plan byUpdate = plan("rank", "2", "init", "sb", "update@fc1", "lora");
        assertEquals("kaiming", settings(byUpdate, "fc1").initialisation());
        assertEquals("sb", settings(byUpdate, "fc2").initialisation());
    }

    @Test
    void otherRanksKeepTheScaleAndRankZeroFreezes() {
        Plan plan = plan("rank", "4", "alpha", "8", "scaling", "rslora").withRanks(Map.of("fc1", 1, "fc2", 0));
        assertEquals(1, settings(plan, "fc1").rank());
        assertEquals(4, settings(plan, "fc1").scale(), 1e-12);
        assertTrue(layers(plan, Role.FROZEN).contains("fc2"));
    }

    @Test
    void optionsReachTheTargetsWhoseMethodsDeclareThem() {
        Plan plan = plan(
                "rank",
                "2",
                "galore.refresh",
                "50",
                "pissa.iterations",
                "4",
                "init",
                "pissa",
                "gradient@fc1",
                "galore",
                "update@fc1",
                "weight",
                "galore.scale@fc1",
                "0.5");
        assertEquals(
                Map.of("galore.refresh", "50", "galore.scale", "0.5"),
                settings(plan, "fc1").options());
        assertEquals(Map.of("pissa.iterations", "4"), settings(plan, "fc2").options());
    }

    @ParameterizedTest
    @CsvSource({
        "galore.refresh, option galore.refresh (agent argument galore.refresh) belongs to 'galore'",
        "galore.refesh, unknown option galore.refesh (agent argument galore.refesh).",
        "galore.refesh, Did you mean 'galore.refresh'?",
        "lora.x, unknown option lora.x (agent argument lora.x). Options of the methods of any target: none.",
        "galore.refresh@fc1, which is not chosen for layer 'fc1'",
    })
    void optionsOfMethodsThatAreNotChosenAreErrors(String key, String reason) {
        String message = refusal("rank", "2", key, "1");
        assertTrue(message.contains(reason), message);
    }

    @Test
    void variablesSpellOptionsInUpperCase() {
        Map<String, String> environment = Map.of("LOWRANK_GALORE_REFRESH", "50", "LOWRANK_LORA_GA_GAMMA", "3");
        RuleBook book = RuleBook.read(
                Map.of("rank", "2", "init", "lora-ga", "gradient", "galore", "update", "lora"),
                Rules.properties("lowrank.galore.refresh", "60"),
                environment);
        Rule rule =
                book.ruleFor(Creation.of(TestNetworks.mixed(), 1, List.of())).orElseThrow();
        Plan plan = rule.plan(TestNetworks.mixed(), TestMethods.all());
        assertEquals(
                Map.of("galore.refresh", "60", "lora-ga.gamma", "3"),
                settings(plan, "fc1").options());
        assertEquals(List.of(), plan.warnings());
    }

    @Test
    void variablesThatSpellNothingAreWarnedOfOrRefused() {
        Map<String, String> environment = Map.of("LOWRANK_GALORE_REFESH", "50");
        Creation creation = Creation.of(TestNetworks.mixed(), 1, List.of());
        Rule rule = RuleBook.read(Map.of("rank", "2"), new Properties(), environment)
                .ruleFor(creation)
                .orElseThrow();
        List<String> warnings =
                rule.plan(TestNetworks.mixed(), TestMethods.all()).warnings();
        assertEquals(1, warnings.size());
        assertTrue(
                warnings.get(0).startsWith("unknown key LOWRANK_GALORE_REFESH (environment) is ignored")
                        && warnings.get(0).endsWith("Did you mean 'LOWRANK_GALORE_REFRESH'?"),
                warnings.get(0));
        Rule strict = RuleBook.read(Map.of("rank", "2", "strict", "true"), new Properties(), environment)
                .ruleFor(creation)
                .orElseThrow();
        String message = assertThrows(
                        LowRankException.class, () -> strict.plan(TestNetworks.mixed(), TestMethods.all()))
                .getMessage();
        assertTrue(message.contains("strict=true") && message.contains("LOWRANK_GALORE_REFESH"), message);
    }

    @ParameterizedTest
    @CsvSource({
        "none, ''",
        "lora-only, conv fc1 fc2",
        "all, conv fc1 fc2",
    })
    void trainsBiasesOfTargets(String bias, String layers) {
        assertEquals(layers, biases(plan("rank", "2", "bias", bias)));
    }

    @Test
    void allBiasesAreThoseOfAllLayersThatTheProgramDidNotFreeze() {
        assertEquals("conv fc1 fc2", biases(plan("rank", "2", "bias", "all", "layers", "fc1")));
        assertEquals("fc1", biases(plan("rank", "2", "bias", "lora-only", "layers", "fc1")));
        assertEquals("conv fc1 fc2 out", biases(plan("rank", "2", "bias", "all", "layers", "fc1", "train", "none")));
    }

    @Test
    void aPlanHoldsEveryLayerInOrder() {
        Plan plan = plan("rank", "2");
        assertEquals(
                TestNetworks.mixed().layers(),
                plan.layers().stream().map(LayerPlan::layer).toList());
        plan.layers()
                .forEach(layer -> assertEquals(
                        layer.role() == Role.TARGET, !layer.targets().isEmpty()));
    }

    /** What the rule leaves open: then everything trains that is not frozen. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                | conv fc1 fc2 | norm out | conv fc1 fc2",
                "exclude=fc1       | conv fc2     | norm out | conv fc2",
                "exclude=norm      | conv fc1 fc2 | out      | conv fc1 fc2",
                "layers=fc1        | fc1          | out      | fc1",
                "train=out         | conv fc1 fc2 | norm out | conv fc1 fc2",
                "train=only:out    | conv fc1 fc2 | out      | conv fc1 fc2",
                "train=none        | conv fc1 fc2 | ''       | conv fc1 fc2",
                "bias=none         | conv fc1 fc2 | norm out | ''",
                "bias=all          | conv fc1 fc2 | norm out | conv fc1 fc2",
            })
    void anUpdateOfTheWholeNetworkTrainsAllOfIt(String argument, String targets, String trained, String biases) {
        Map<String, String> arguments = Rules.map("update", "random-subspace");
        if (!argument.isEmpty()) {
            arguments.put(argument.split("=")[0], argument.split("=")[1]);
        }
        Plan plan = rule(arguments).plan(TestNetworks.mixed(), Methods.load());
        assertEquals(targets, layers(plan, Role.TARGET));
        assertEquals(trained, layers(plan, Role.TRAIN));
        assertEquals(
                biases,
                plan.layers().stream()
                        .filter(LayerPlan::trainBias)
                        .map(layer -> layer.layer().name())
                        .collect(Collectors.joining(" ")));
        assertEquals(argument.equals("train=none") ? 1 : 0, plan.warnings().size(), () -> "" + plan.warnings());
    }

    /** A target trains no gain of a layer norm; in full it does. */
    @Test
    void aLayerWithMoreThanWeightAndBiasTrainsInFullWithTheWholeNetwork() {
        NetworkShape.LayerShape gained = new NetworkShape.LayerShape(
                0,
                "gained",
                "DenseLayer",
                List.of(new NetworkShape.MatrixShape("gained", "W", 4, 3, true, null, List.of())),
                Map.of("W", 12L, "b", 3L, "g", 3L),
                false,
                DefaultTarget.ALWAYS,
                false,
                List.of("b", "g"),
                List.of(),
                null,
                null);
        NetworkShape shape = TestNetworks.network(
                "MultiLayerNetwork", gained, TestNetworks.dense("fc", 3, 3), TestNetworks.head("out", 3, 2));
        Plan plan = rule(Rules.map("update", "random-subspace")).plan(shape, Methods.load());
        assertEquals("fc", layers(plan, Role.TARGET));
        assertEquals("gained out", layers(plan, Role.TRAIN));
        assertEquals("default: the whole network", plan.layers().get(0).because());
    }

    private static Rule rule(Map<String, String> arguments) {
        return RuleBook.read(arguments, new Properties(), Map.of())
                .ruleFor(Creation.of(TestNetworks.mixed(), 1, List.of()))
                .orElseThrow();
    }

    private static Rule ruleOf(Map<String, String> arguments, Properties properties, Map<String, String> environment) {
        return RuleBook.read(arguments, properties, environment)
                .ruleFor(Creation.of(TestNetworks.mixed(), 1, List.of()))
                .orElseThrow();
    }

    private static Plan plan(String... arguments) {
        return rule(Rules.map(arguments)).plan(TestNetworks.mixed(), TestMethods.all());
    }

    private static String refusal(String... arguments) {
        return assertThrows(LowRankException.class, () -> plan(arguments)).getMessage();
    }

    private static TargetSettings settings(Plan plan, String layer) {
        return plan.layers().stream()
                .filter(candidate -> candidate.layer().name().equals(layer))
                .findFirst()
                .orElseThrow()
                .targets()
                .get(0)
                .settings();
    }

    private static String layers(Plan plan, Role role) {
        return plan.layers().stream()
                .filter(layer -> layer.role() == role)
                .map(layer -> layer.layer().name())
                .collect(Collectors.joining(" "));
    }

    private static String biases(Plan plan) {
        return plan.layers().stream()
                .filter(LayerPlan::trainBias)
                .map(layer -> layer.layer().name())
                .collect(Collectors.joining(" "));
    }
}
