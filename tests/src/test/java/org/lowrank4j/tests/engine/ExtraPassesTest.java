package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Passes besides a step's own see what it sees, and leave no trace. */
class ExtraPassesTest {

    private static final int EXAMPLES = 7;
    private static final int STEPS = 6;

    @BeforeEach
    void forget() {
        PassProbe.forget();
    }

    /** A program whose networks follow one rule. */
    private interface Rule {
        Model during(Supplier<Model> program);
    }

    @LowRank(
            update = "full",
            train = {"type:BatchNormalization", "type:OutputLayer"})
    private static Model plain(Supplier<Model> program) {
        return program.get();
    }

    @LowRank(
            gradient = "probe-passes",
            train = {"type:BatchNormalization", "type:OutputLayer"})
    private static Model looking(Supplier<Model> program) {
        return program.get();
    }

    @LowRank(update = "full", layers = "type:RnnOutputLayer", train = "type:LSTM")
    private static Model plainOverLstm(Supplier<Model> program) {
        return program.get();
    }

    @LowRank(gradient = "probe-passes", layers = "type:RnnOutputLayer", train = "type:LSTM")
    private static Model lookingOverLstm(Supplier<Model> program) {
        return program.get();
    }

    @LowRank(update = "full", layers = "type:RnnOutputLayer", train = "none")
    private static Model plainOverFrozenLstm(Supplier<Model> program) {
        return program.get();
    }

    @LowRank(gradient = "probe-passes", layers = "type:RnnOutputLayer", train = "none")
    private static Model lookingOverFrozenLstm(Supplier<Model> program) {
        return program.get();
    }

    private static NeuralNetConfiguration.Builder settings(DataType type) {
        return Nets.settings(type, new Adam(0.01));
    }

    private static DenseLayer dropout(int inputs, int outputs) {
        return new DenseLayer.Builder()
                .nIn(inputs)
                .nOut(outputs)
                .activation(Activation.TANH)
                .dropOut(0.7)
                .build();
    }

    private static BatchNormalization norm() {
        return new BatchNormalization.Builder().nOut(Nets.HIDDEN).build();
    }

    /** DL4J's graphs fail on dropout in an output layer without workspaces. */
    private static OutputLayer head(double kept) {
        return new OutputLayer.Builder(LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .dropOut(kept)
                .nIn(Nets.HIDDEN - 1)
                .nOut(Nets.CLASSES)
                .build();
    }

    private static Model stack(WorkspaceMode workspaces) {
        return Nets.initialised(settings(DataType.FLOAT)
                .trainingWorkspaceMode(workspaces)
                .list()
                .layer(dropout(Nets.INPUTS, Nets.HIDDEN))
                .layer(norm())
                .layer(dropout(Nets.HIDDEN, Nets.HIDDEN - 1))
                .layer(head(0.9))
                .build());
    }

    private static Model graph(WorkspaceMode workspaces) {
        return Nets.initialised(settings(DataType.DOUBLE)
                .trainingWorkspaceMode(workspaces)
                .graphBuilder()
                .addInputs("in")
                .addLayer("first", dropout(Nets.INPUTS, Nets.HIDDEN), "in")
                .addLayer("norm", norm(), "first")
                .addLayer("second", dropout(Nets.HIDDEN, Nets.HIDDEN - 1), "norm")
                .addLayer("out", head(workspaces == WorkspaceMode.NONE ? 0 : 0.9), "second")
                .setOutputs("out")
                .build());
    }

    private static LSTM lstm() {
        return new LSTM.Builder().nIn(Nets.INPUTS).nOut(Nets.HIDDEN).build();
    }

    private static RnnOutputLayer recurrentHead() {
        return new RnnOutputLayer.Builder(LossFunction.MCXENT)
                .dataFormat(RNNFormat.NCW)
                .activation(Activation.SOFTMAX)
                .nIn(Nets.HIDDEN)
                .nOut(Nets.CLASSES)
                .build();
    }

    private static Model recurrent(BackpropType backprop) {
        return Nets.initialised(settings(DataType.FLOAT)
                .list()
                .layer(lstm())
                .layer(recurrentHead())
                .backpropType(backprop)
                .tBPTTLength(backprop == BackpropType.TruncatedBPTT ? 4 : STEPS)
                .build());
    }

    private static Model recurrentGraph(BackpropType backprop) {
        return Nets.initialised(settings(DataType.FLOAT)
                .graphBuilder()
                .addInputs("in")
                .addLayer("lstm", lstm(), "in")
                .addLayer("out", recurrentHead(), "lstm")
                .setOutputs("out")
                .backpropType(backprop)
                .tBPTTLength(backprop == BackpropType.TruncatedBPTT ? 4 : STEPS)
                .build());
    }

    private static List<DataSet> rows(DataType type) {
        return IntStream.range(0, 4)
                .mapToObj(i -> Data.classes(10 * i, type, EXAMPLES + i, Nets.INPUTS, Nets.CLASSES))
                .toList();
    }

    private static List<DataSet> series(boolean masked) {
        return Data.series(3, EXAMPLES, Nets.INPUTS, Nets.CLASSES, STEPS, masked);
    }

    static Stream<Arguments> programs() {
        Rule plain = ExtraPassesTest::plain;
        Rule looking = ExtraPassesTest::looking;
        Rule plainLstm = ExtraPassesTest::plainOverLstm;
        Rule lookingLstm = ExtraPassesTest::lookingOverLstm;
        Rule plainFrozen = ExtraPassesTest::plainOverFrozenLstm;
        Rule lookingFrozen = ExtraPassesTest::lookingOverFrozenLstm;
        Supplier<Model> stack = () -> stack(WorkspaceMode.ENABLED);
        Supplier<Model> withoutWorkspaces = () -> stack(WorkspaceMode.NONE);
        Supplier<Model> graph = () -> graph(WorkspaceMode.ENABLED);
        Supplier<Model> graphWithout = () -> graph(WorkspaceMode.NONE);
        Supplier<Model> recurrent = () -> recurrent(BackpropType.Standard);
        Supplier<Model> truncated = () -> recurrent(BackpropType.TruncatedBPTT);
        Supplier<Model> recurrentGraph = () -> recurrentGraph(BackpropType.Standard);
        Supplier<Model> truncatedGraph = () -> recurrentGraph(BackpropType.TruncatedBPTT);
        return Stream.of(
                Arguments.of("dropout and batch norm", stack, rows(DataType.FLOAT), plain, looking),
                Arguments.of("no workspaces", withoutWorkspaces, rows(DataType.FLOAT), plain, looking),
                Arguments.of("graph", graph, rows(DataType.DOUBLE), plain, looking),
                Arguments.of("graph, no workspaces", graphWithout, rows(DataType.DOUBLE), plain, looking),
                Arguments.of("masks", recurrent, series(true), plainLstm, lookingLstm),
                Arguments.of("graph, masks", recurrentGraph, series(true), plainLstm, lookingLstm),
                Arguments.of("truncated", truncated, series(false), plainLstm, lookingLstm),
                Arguments.of("truncated, masks", truncated, series(true), plainLstm, lookingLstm),
                Arguments.of("truncated, frozen", truncated, series(false), plainFrozen, lookingFrozen),
                Arguments.of("graph, truncated, masks", truncatedGraph, series(true), plainLstm, lookingLstm),
                Arguments.of("graph, truncated, frozen", truncatedGraph, series(false), plainFrozen, lookingFrozen));
    }

    private static void fit(Model network, DataSet data) {
        if (network instanceof MultiLayerNetwork layers) {
            layers.fit(data);
        } else {
            ((ComputationGraph) network).fit(data);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("programs")
    void trainingGoesOnAsIfNobodyHadLooked(
            String name, Supplier<Model> program, List<DataSet> data, Rule plain, Rule looking) {
        Calls expectedCalls = new Calls();
        Calls actualCalls = new Calls();
        Nd4j.getRandom().setSeed(17);
        Model expected = trained(plain, program, data, expectedCalls);
        double drawn = Nd4j.getRandom().nextDouble();
        assertTrue(PassProbe.SEEN.isEmpty());

        Nd4j.getRandom().setSeed(17);
        Model actual = trained(looking, program, data, actualCalls);
        assertEquals(drawn, Nd4j.getRandom().nextDouble(), "the next random number");
        assertTrue(PassProbe.finite > 0 && PassProbe.notFinite == 0, "passes ran");
        assertEquals(expectedCalls.calls, actualCalls.calls, "what a listener hears");
        Nets.assertSame(expected.params(), actual.params(), "parameters");
        seenGradientsAreThoseOfTheSteps();
        for (int i = 0; i < PassProbe.OUTPUTS.size(); i += 2) {
            INDArray moved = PassProbe.OUTPUTS.get(i);
            INDArray own = PassProbe.OUTPUTS.get(i + 1);
            assertTrue(moved.sub(own).normmaxNumber().doubleValue() > 0, "outputs are those at the present weights");
        }
    }

    private static Model trained(Rule rule, Supplier<Model> program, List<DataSet> data, Calls calls) {
        Model network = rule.during(program);
        network.addListeners(calls);
        for (DataSet one : data) {
            fit(network, one.copy());
        }
        return network;
    }

    /** A pass at the step's own weights is the step's own pass. The targets of a step come one after the other. */
    private static void seenGradientsAreThoseOfTheSteps() {
        int targets = 1;
        while (!PassProbe.SEEN.get(0).equalShapes(PassProbe.SEEN.get(targets))) {
            targets++;
        }
        for (int first = 0; first < PassProbe.SEEN.size(); first += 2 * targets) {
            for (int i = first; i < first + targets; i++) {
                Nets.assertSame(PassProbe.SEEN.get(i), PassProbe.SEEN.get(i + targets), "gradient");
            }
        }
    }

    private static final class Calls extends BaseTrainingListener {
        final List<String> calls = new ArrayList<>();

        @Override
        public void onForwardPass(Model model, List<INDArray> activations) {
            calls.add("forward " + activations.get(activations.size() - 1).sumNumber());
        }

        @Override
        public void onForwardPass(Model model, Map<String, INDArray> activations) {
            calls.add("forward " + activations.keySet());
        }

        @Override
        public void onGradientCalculation(Model model) {
            calls.add("gradient");
        }

        @Override
        public void onBackwardPass(Model model) {
            calls.add("backward");
        }

        @Override
        public void iterationDone(Model model, int iteration, int epoch) {
            calls.add("step " + iteration + ": " + model.score());
        }
    }

    /** Where a gradient near by is not finite, the step is left out, and said to be. */
    @Test
    void aStepWhoseExtraPassIsNotFiniteIsLeftOut() {
        Model network = looking(() -> stack(WorkspaceMode.ENABLED));
        DataSet data = rows(DataType.FLOAT).get(0);
        fit(network, data);
        INDArray before = network.params().dup();
        PassProbe.broken = true;
        List<String> said = CapturedErrors.of(() -> fit(network, data));
        assertEquals(1, CapturedErrors.containing(said, "not finite").size(), said::toString);
        assertTrue(PassProbe.notFinite > 0);
        Nets.assertSame(before, network.params(), "parameters");
        PassProbe.broken = false;
        fit(network, data);
        Nets.assertMoved(before, network.params(), "parameters");
    }
}
