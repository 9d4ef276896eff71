package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.layers.LayerConstraint;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.constraint.MaxNormConstraint;
import org.deeplearning4j.nn.conf.constraint.MinMaxNormConstraint;
import org.deeplearning4j.nn.conf.constraint.NonNegativeConstraint;
import org.deeplearning4j.nn.conf.constraint.UnitNormConstraint;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.update.LowRankUpdate;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** The constraints of the user's network hold for the effective W of its targets, whatever the update. */
class ConstraintsTest {

    private static final Map<String, Map<String, String>> OPTIONS = Map.of(
            "adalora", Map.of("adalora.total-steps", "100"),
            "random-subspace", Map.of("random-subspace.dimension", "20"),
            // W would lag behind in every fit.
            "lora", Map.of("lora.merge", "fit"));

    /** One of DL4J's constraints, and whether it holds for W. */
    private record Constraint(LayerConstraint constraint, Predicate<INDArray> holds) {}

    private static List<Constraint> constraints() {
        return List.of(
                new Constraint(new MaxNormConstraint(0.3, 0), w -> longest(w) <= 0.3 + 1e-5),
                new Constraint(
                        new MinMaxNormConstraint(0.4, 0.6, 0),
                        w -> longest(w) <= 0.6 + 1e-5 && shortest(w) >= 0.4 - 1e-5),
                new Constraint(new UnitNormConstraint(0), w -> longest(w) <= 1 + 1e-5 && shortest(w) >= 1 - 1e-5),
                new Constraint(new NonNegativeConstraint(), w -> w.minNumber().doubleValue() >= 0));
    }

    private static double longest(INDArray weight) {
        return weight.norm2(0).maxNumber().doubleValue();
    }

    private static double shortest(INDArray weight) {
        return weight.norm2(0).minNumber().doubleValue();
    }

    static Stream<String> updates() {
        return ServiceLoader.load(LowRankUpdate.class).stream()
                .map(ServiceLoader.Provider::get)
                .filter(update -> !update.getClass().getPackageName().startsWith("org.lowrank4j.tests"))
                .filter(update -> update.constraintRefusal().isEmpty())
                .map(LowRankUpdate::name);
    }

    private static Map<String, String> rule(String update) {
        Map<String, String> rule = new LinkedHashMap<>(Map.of("rank", "2", "update", update));
        rule.putAll(OPTIONS.getOrDefault(update, Map.of()));
        return rule;
    }

    private static DenseLayer constrained(int inputs, int outputs, LayerConstraint constraint) {
        return new DenseLayer.Builder()
                .nIn(inputs)
                .nOut(outputs)
                .activation(Activation.TANH)
                .constrainWeights(constraint)
                .build();
    }

    private static MultiLayerConfiguration layers(DataType type, LayerConstraint constraint) {
        return Nets.settings(type, new Sgd(0.2))
                .list()
                .layer(constrained(Nets.INPUTS, Nets.HIDDEN, constraint))
                .layer(Nets.dense(Nets.HIDDEN, Nets.HIDDEN - 1))
                .layer(Nets.head(Nets.HIDDEN - 1))
                .build();
    }

    private static DataSet batch(DataType type, int i) {
        return Data.classes(i, type, 9, Nets.INPUTS, Nets.CLASSES);
    }

    @ParameterizedTest
    @MethodSource("updates")
    void theyHoldAfterEveryStep(String update) {
        DataType type = DataType.FLOAT;
        for (Constraint one : constraints()) {
            String what = one.constraint().getClass().getSimpleName() + " with update=" + update;
            MultiLayerNetwork network =
                    Rules.during(rule(update), () -> Nets.initialised(layers(type, one.constraint())));
            network.fit(batch(type, 0));
            Rules.assertFollows(network);
            INDArray first = network.params().dup();
            for (int i = 1; i < 3; i++) {
                network.fit(batch(type, i));
                assertTrue(one.holds().test(network.getParam("0_W")), what);
            }
            List<DataSet> epoch = List.of(batch(type, 3), batch(type, 4), batch(type, 5));
            network.fit(new SeenBatches(
                    epoch, taken -> assertTrue(one.holds().test(network.getParam("0_W")), what + ", in an epoch")));
            assertTrue(one.holds().test(network.getParam("0_W")), what + ", after an epoch");
            Nets.assertMoved(first, network.params(), what);
        }
    }

    /** Nobody asks for W in this epoch, so nothing but the constraint keeps it from lagging behind. */
    @Test
    void aConstrainedWeightDoesNotLagBehind() {
        DataType type = DataType.DOUBLE;
        Constraint norm = constraints().get(0);
        MultiLayerNetwork atOnce = Rules.during(
                Map.of("rank", "2", "lora.merge", "step"), () -> Nets.initialised(layers(type, norm.constraint())));
        MultiLayerNetwork lagging = Rules.during(rule("lora"), () -> Nets.initialised(layers(type, norm.constraint())));
        for (MultiLayerNetwork network : List.of(atOnce, lagging)) {
            network.fit(new SeenBatches(List.of(batch(type, 1), batch(type, 2), batch(type, 3)), taken -> {}));
            assertTrue(norm.holds().test(network.getParam("0_W")));
            Rules.assertFollows(network);
        }
        Nets.assertClose(atOnce.params(), lagging.params(), 1e-13, "parameters");
    }

    @Test
    void theyHoldInAGraph() {
        DataType type = DataType.DOUBLE;
        for (Constraint one : constraints()) {
            ComputationGraph graph = Rules.during(
                    Map.of("rank", "2", "update", "dora"),
                    () -> Nets.initialised(Nets.settings(type, new Sgd(0.2))
                            .graphBuilder()
                            .addInputs("in")
                            .addLayer("first", constrained(Nets.INPUTS, Nets.HIDDEN, one.constraint()), "in")
                            .addLayer("out", Nets.head(Nets.HIDDEN), "first")
                            .setOutputs("out")
                            .build()));
            for (int i = 0; i < 4; i++) {
                graph.fit(batch(type, i));
                assertTrue(
                        one.holds().test(graph.getParam("first_W")),
                        one.constraint().getClass().getSimpleName());
            }
            Rules.assertFollows(graph);
        }
    }

    @Test
    void anUpdateThatCannotHoldThemIsRefusedBeforeTheFirstStep() {
        MultiLayerNetwork network = Rules.during(
                Map.of("update", "maestro", "layers", "0"),
                () -> Nets.initialised(layers(DataType.FLOAT, new NonNegativeConstraint())));
        INDArray before = network.params().dup();
        String message = assertThrows(RuntimeException.class, () -> network.fit(batch(DataType.FLOAT, 0)))
                .getMessage();
        assertTrue(message.contains("Layer 'layer0' cannot be adapted so"), message);
        assertTrue(
                message.contains("update maestro cannot hold the constraints on W (NonNegativeConstraint)"), message);
        assertTrue(message.contains("exclude=layer0"), message);
        Nets.assertSame(before, network.params(), "parameters");
    }

    @Test
    void aFrozenWeightIsLeftAlone() {
        MultiLayerNetwork network = Rules.during(
                Map.of("rank", "2", "layers", "1"),
                () -> Nets.initialised(layers(DataType.FLOAT, new MaxNormConstraint(0.01, 0))));
        INDArray before = network.getParam("0_W").dup();
        network.fit(batch(DataType.FLOAT, 0));
        Rules.assertFollows(network);
        Nets.assertSame(before, network.getParam("0_W"), "a frozen weight");
    }

    @LowRank(update = "full", layers = "type:RnnOutputLayer", train = "type:Bidirectional", bias = "all")
    private static MultiLayerNetwork trainedWhole(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    /** The constraint is known to the layer within the layer alone. */
    @Test
    void aLayerWithinALayerKeepsItsConstraints() {
        DataType type = DataType.DOUBLE;
        MultiLayerConfiguration configuration = Nets.settings(type, new Sgd(0.2))
                .list()
                .layer(new Bidirectional(new LSTM.Builder()
                        .nIn(Nets.INPUTS)
                        .nOut(Nets.HIDDEN)
                        .constrainWeights(new MaxNormConstraint(0.2, 0))
                        .build()))
                .layer(new RnnOutputLayer.Builder(LossFunction.MCXENT)
                        .activation(Activation.SOFTMAX)
                        .nIn(2 * Nets.HIDDEN)
                        .nOut(Nets.CLASSES)
                        .build())
                .setInputType(InputType.recurrent(Nets.INPUTS))
                .build();
        MultiLayerNetwork adapted = trainedWhole(configuration.clone());
        MultiLayerNetwork stock = Nets.initialised(configuration.clone());
        DataSet data = Data.sequences(1, type, 5, Nets.INPUTS, Nets.CLASSES, 4);
        for (int i = 0; i < 3; i++) {
            adapted.fit(data);
            stock.fit(data);
        }
        Rules.assertFollows(adapted);
        assertTrue(longest(stock.getParam("0_fW")) <= 0.2 + 1e-5, "it holds in stock training");
        Nets.assertClose(stock.params(), adapted.params(), 1e-12, "parameters");
    }
}
