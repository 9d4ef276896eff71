package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.layers.feedforward.dense.DenseLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

/**
 * Whatever a program asks a network or a layer while the weights lag behind between two calls of {@code fit(DataSet)}, the
 * answer is that of a network whose weights never lag; and so it remains when the program keeps the answer and trains on.
 * Every public method is tried.
 */
class WholeWeightsTest {

    private static final double TOLERANCE = 1e-10;
    private static final int STEPS = 4;

    @TempDir
    Path folder;

    @LowRank(rank = 2, bias = "all", options = "lora.merge=fit")
    private static MultiLayerNetwork lagging() {
        return Nets.initialised(
                Nets.layers(Nets.settings(DataType.DOUBLE, new Adam(0.02)).l2(0.01)));
    }

    @LowRank(rank = 2, bias = "all", options = "lora.merge=step")
    private static MultiLayerNetwork inEveryStep() {
        return Nets.initialised(
                Nets.layers(Nets.settings(DataType.DOUBLE, new Adam(0.02)).l2(0.01)));
    }

    @LowRank(rank = 2, bias = "all", options = "lora.merge=fit")
    private static ComputationGraph laggingGraph() {
        return Nets.initialised(
                Nets.graph(Nets.settings(DataType.DOUBLE, new Adam(0.02)).l2(0.01)));
    }

    @LowRank(rank = 2, bias = "all", options = "lora.merge=step")
    private static ComputationGraph graphInEveryStep() {
        return Nets.initialised(
                Nets.graph(Nets.settings(DataType.DOUBLE, new Adam(0.02)).l2(0.01)));
    }

    private static DataSet batch(int step) {
        return Data.classes(100 + 2L * step, DataType.DOUBLE, 5, Nets.INPUTS, Nets.CLASSES);
    }

    private static <T extends Model> T trained(T network, int from, int to) {
        for (int step = from; step < to; step++) {
            ((NeuralNetwork) network).fit(batch(step));
        }
        return network;
    }

    /** The network's parameters where they are, without asking it. */
    static INDArray memory(Model network) {
        try {
            Field field = (network instanceof ComputationGraph ? ComputationGraph.class : MultiLayerNetwork.class)
                    .getDeclaredField("flattenedParams");
            field.setAccessible(true);
            return (INDArray) field.get(network);
        } catch (ReflectiveOperationException otherDl4j) {
            throw new AssertionError(otherDl4j);
        }
    }

    @Test
    void theyLag() {
        for (Model network : List.of(lagging(), laggingGraph())) {
            Model whole = network instanceof ComputationGraph ? graphInEveryStep() : inEveryStep();
            trained(network, 0, STEPS);
            trained(whole, 0, STEPS);
            double behind = memory(network).sub(memory(whole)).normmaxNumber().doubleValue();
            assertTrue(behind > 1e-3, () -> "behind by " + behind);
            Nets.assertClose(whole.params(), network.params(), TOLERANCE, "parameters");
        }
    }

    @TestFactory
    Stream<DynamicTest> methodsOfNetworks() {
        return tests(MultiLayerNetwork.class, WholeWeightsTest::lagging, network -> network);
    }

    @TestFactory
    Stream<DynamicTest> methodsOfGraphs() {
        return tests(ComputationGraph.class, WholeWeightsTest::laggingGraph, network -> network);
    }

    @TestFactory
    Stream<DynamicTest> methodsOfLayers() {
        return tests(DenseLayer.class, WholeWeightsTest::lagging, network -> ((MultiLayerNetwork) network).getLayer(1));
    }

    private Stream<DynamicTest> tests(Class<?> type, Supplier<? extends Model> made, Function<Model, Object> asked) {
        return methods(type)
                .filter(method -> !MethodCalls.leavesOut(method, type))
                .map(method -> dynamicTest(
                        MethodCalls.signature(method), () -> compare(method, made.get(), whole(made.get()), asked)));
    }

    /** One whose weights never lag: the program holds them. */
    private static Model whole(Model network) {
        network.params();
        return network;
    }

    private static Stream<Method> methods(Class<?> type) {
        return Arrays.stream(type.getMethods())
                .filter(method -> method.getDeclaringClass() != Object.class && !method.isBridge())
                .sorted(Comparator.comparing(MethodCalls::signature));
    }

    /** Asked before any step and after some, the answer kept over some more. */
    private void compare(Method method, Model lagging, Model whole, Function<Model, Object> asked) throws Exception {
        Object laggingAsked = asked.apply(lagging);
        Object wholeAsked = asked.apply(whole);
        trained(lagging, 0, STEPS);
        trained(whole, 0, STEPS);
        assertTrue(memory(lagging).sub(memory(whole)).normmaxNumber().doubleValue() > 1e-3, "it does not lag");
        Object ofLagging = call(method, laggingAsked);
        Object ofWhole = call(method, wholeAsked);
        assertAlike(ofWhole, ofLagging, "the answer");
        if (MethodCalls.ENDS.contains(method.getName())) {
            return;
        }
        trained(lagging, STEPS, STEPS + 3);
        trained(whole, STEPS, STEPS + 3);
        assertAlike(ofWhole, ofLagging, "the answer three steps later");
        assertAlike(whole, lagging, "the network three steps later");
    }

    private static void assertAlike(@Nullable Object expected, @Nullable Object actual, String what) {
        Optional<String> difference = Shown.of(expected).difference(Shown.of(actual), TOLERANCE);
        assertEquals(Optional.empty(), difference, what);
    }

    private @Nullable Object call(Method method, Object asked) throws Exception {
        MethodCalls calls = new MethodCalls(asked, folder);
        Object[] arguments = calls.arguments(method);
        try {
            Object answer = method.invoke(Modifier.isStatic(method.getModifiers()) ? null : asked, arguments);
            return calls.answer(method, answer);
        } catch (InvocationTargetException thrown) {
            if (thrown.getCause() instanceof UnsupportedOperationException unsupported) {
                return "unsupported: " + unsupported.getMessage();
            }
            throw thrown;
        }
    }

    /** Without public fields nothing leaves but through a method. */
    @Test
    void thereAreNoPublicFields() {
        for (Class<?> type : List.of(MultiLayerNetwork.class, ComputationGraph.class, DenseLayer.class)) {
            assertEquals(
                    List.of(),
                    Arrays.stream(type.getFields())
                            .filter(field -> !Modifier.isStatic(field.getModifiers()))
                            .map(Field::getName)
                            .toList());
        }
    }

    @Test
    void whatIsSaidToHaveNoWeightsExists() {
        Set<String> names = Stream.of(MultiLayerNetwork.class, ComputationGraph.class, DenseLayer.class)
                .flatMap(WholeWeightsTest::methods)
                .map(Method::getName)
                .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(
                Set.of(),
                MethodCalls.LEFT_OUT.keySet().stream()
                        .filter(name -> !names.contains(name))
                        .collect(Collectors.toSet()));
    }
}
