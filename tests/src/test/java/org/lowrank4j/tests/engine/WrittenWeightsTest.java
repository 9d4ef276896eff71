package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.ExistingDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.gradient.GradientApproximation;
import org.lowrank4j.method.Method;
import org.lowrank4j.update.LowRankUpdate;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.indexing.BooleanIndexing;
import org.nd4j.linalg.indexing.conditions.Conditions;
import org.nd4j.linalg.learning.config.Sgd;

/**
 * Weights that a program writes are where training goes on from, with every update and every approximation of the gradient
 * that the services list: steps at rate 0 leave them as they were written.
 */
class WrittenWeightsTest {

    private static final double BOUND = 0.05;

    /** What a method cannot do without, and what keeps it from moving W by itself at rate 0. */
    private static final Map<String, Map<String, String>> OPTIONS = Map.of(
            "adalora", Map.of("adalora.total-steps", "1000", "adalora.initial-steps", "900"),
            "trp", Map.of("trp.interval", "1000"),
            "random-subspace", Map.of("random-subspace.dimension", "20"),
            "adafactor", Map.of("adafactor.relative-step", "no"));

    /** One update with one approximation of the gradient. */
    private record Combination(String update, String gradient) {

        Map<String, String> rule() {
            Map<String, String> rule = new LinkedHashMap<>(Map.of("rank", "2", "update", update, "gradient", gradient));
            rule.putAll(OPTIONS.getOrDefault(update, Map.of()));
            rule.putAll(OPTIONS.getOrDefault(gradient, Map.of()));
            return rule;
        }

        /** Factors that are made anew hold what was written up to rounding. */
        double tolerance(DataType type) {
            return !update.equals("maestro") ? 0 : type == DataType.DOUBLE ? 1e-13 : 1e-5;
        }

        @Override
        public String toString() {
            return update + ", " + gradient;
        }
    }

    private static <M extends Method> List<M> methods(Class<M> service) {
        return ServiceLoader.load(service).stream()
                .map(ServiceLoader.Provider::get)
                .filter(method -> !method.getClass().getPackageName().startsWith("org.lowrank4j.tests"))
                .toList();
    }

    static Stream<Combination> combinations() {
        List<GradientApproximation> gradients = methods(GradientApproximation.class);
        return methods(LowRankUpdate.class).stream()
                .flatMap(update -> gradients.stream()
                        .filter(gradient -> gradient.refusal(update).isEmpty())
                        .map(gradient -> new Combination(update.name(), gradient.name())));
    }

    static Stream<Combination> updates() {
        return combinations().filter(combination -> combination.gradient().equals("exact"));
    }

    private static NeuralNetConfiguration.Builder settings(DataType type) {
        return Nets.settings(type, new Sgd(0.05));
    }

    @ParameterizedTest
    @MethodSource("combinations")
    void trainingGoesOnFromThem(Combination combination) {
        DataType type = DataType.DOUBLE;
        MultiLayerNetwork network =
                Rules.during(combination.rule(), () -> Nets.initialised(Nets.layers(settings(type))));
        network.fit(batch(type, 0));
        check(combination, type, network, false);
    }

    @ParameterizedTest
    @MethodSource("updates")
    void inAGraphAndInSinglePrecision(Combination combination) {
        DataType type = DataType.FLOAT;
        ComputationGraph graph = Rules.during(combination.rule(), () -> Nets.initialised(Nets.graph(settings(type))));
        graph.fit(batch(type, 0));
        check(combination, type, graph, true);
    }

    private static DataSet batch(DataType type, int i) {
        return Data.classes(i, type, 9, Nets.INPUTS, Nets.CLASSES);
    }

    private static void fit(Model network, DataSet batch) {
        if (network instanceof MultiLayerNetwork layers) {
            layers.fit(batch);
        } else {
            ((ComputationGraph) network).fit(batch);
        }
    }

    private static void fitEpoch(Model network, DataType type) {
        ExistingDataSetIterator epoch = new ExistingDataSetIterator(List.of(batch(type, 6), batch(type, 7)));
        if (network instanceof MultiLayerNetwork layers) {
            layers.fit(epoch);
        } else {
            ((ComputationGraph) network).fit(epoch);
        }
    }

    private static org.deeplearning4j.nn.api.Layer layer(Model network, int index) {
        return network instanceof MultiLayerNetwork layers
                ? layers.getLayer(index)
                : ((ComputationGraph) network).getLayer(index);
    }

    private static void stop(Model network) {
        if (network instanceof MultiLayerNetwork layers) {
            layers.setLearningRate(0);
        } else {
            ((ComputationGraph) network).setLearningRate(0);
        }
    }

    private static Model clone(Model network) {
        return network instanceof MultiLayerNetwork layers ? layers.clone() : ((ComputationGraph) network).clone();
    }

    private static Model loaded(Combination combination, Model network) {
        byte[] zip = AdapterFile.zip(network);
        return Rules.during(combination.rule(), () -> {
            try {
                return network instanceof MultiLayerNetwork
                        ? ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true)
                        : ModelSerializer.restoreComputationGraph(AdapterFile.input(zip), true);
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        });
    }

    /** Scales two columns of W, clears one, and leaves the others alone. */
    private static void editSomeColumns(Model network) {
        INDArray weight = layer(network, 0).getParam("W");
        weight.getColumn(1).muli(-3);
        weight.getColumn(4).assign(0);
        weight.getColumn(5).divi(7);
    }

    private static Map<String, Consumer<Model>> writes(INDArray snapshot, boolean all) {
        Map<String, Consumer<Model>> writes = new LinkedHashMap<>();
        writes.put("setParams", network -> network.setParams(snapshot.dup()));
        writes.put("columns in place", WrittenWeightsTest::editSomeColumns);
        if (all) {
            writes.put("params in place", network -> network.params().muli(0.5));
            writes.put(
                    "W of a layer in place",
                    network -> layer(network, 0).getParam("W").addi(0.25));
            writes.put(
                    "setParam",
                    network -> layer(network, 1)
                            .setParam("W", layer(network, 1).getParam("W").mul(2)));
        }
        return writes;
    }

    /** @param thorough whether to try every way to write, and files */
    private static void check(Combination combination, DataType type, Model network, boolean thorough) {
        Rules.assertFollows(network);
        INDArray snapshot = network.params().dup();
        for (int i = 1; i < 4; i++) {
            fit(network, batch(type, i));
        }
        Nets.assertMoved(snapshot, network.params(), "a network in training");
        stop(network);
        double tolerance = combination.tolerance(type);
        writes(snapshot, thorough).forEach((how, write) -> {
            write.accept(network);
            INDArray written = network.params().dup();
            fit(network, batch(type, 4));
            assertKept(written, network, tolerance, how);
            fitEpoch(network, type);
            fitEpoch(network, type);
            assertKept(written, network, tolerance, how + ", two epochs later");
        });
        network.params().addi(snapshot);
        assertTakenOver(type, network.params().dup(), clone(network), tolerance);
        if (thorough) {
            assertTakenOver(type, network.params().dup(), loaded(combination, network), tolerance);
            Model other = loaded(combination, network);
            other.setParams(snapshot.dup());
            fit(other, batch(type, 5));
            assertKept(snapshot, other, tolerance, "written between loading and the first step");
        }
        network.addListeners(new Clipping());
        fit(network, batch(type, 5));
        INDArray clipped = network.params().dup();
        assertTrue(clipped.normmaxNumber().doubleValue() <= BOUND * (1 + 1e-6), "it clips");
        fitEpoch(network, type);
        assertKept(clipped, network, 2 * tolerance, "clipped by a listener");
    }

    private static void assertTakenOver(DataType type, INDArray written, Model copy, double tolerance) {
        assertKept(written, copy, 0, "taken over");
        fit(copy, batch(type, 5));
        fitEpoch(copy, type);
        assertKept(written, copy, tolerance, "taken over, one epoch later");
    }

    private static void assertKept(INDArray written, Model network, double tolerance, String how) {
        if (tolerance == 0) {
            Nets.assertSame(written, network.params(), how);
        } else {
            Nets.assertClose(written, network.params(), tolerance, how);
        }
    }

    /** Keeps all parameters within a bound, as critics of Wasserstein networks are trained. */
    private static final class Clipping extends BaseTrainingListener {
        @Override
        public void iterationDone(Model model, int iteration, int epoch) {
            INDArray parameters = model.params();
            BooleanIndexing.replaceWhere(parameters, BOUND, Conditions.greaterThan(BOUND));
            BooleanIndexing.replaceWhere(parameters, -BOUND, Conditions.lessThan(-BOUND));
        }
    }
}
