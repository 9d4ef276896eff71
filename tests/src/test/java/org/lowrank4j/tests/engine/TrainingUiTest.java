package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.deeplearning4j.datasets.iterator.utilty.ListDataSetIterator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.ui.model.stats.StatsListener;
import org.deeplearning4j.ui.model.stats.api.StatsReport;
import org.deeplearning4j.ui.model.stats.api.StatsType;
import org.deeplearning4j.ui.model.storage.InMemoryStatsStorage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** DL4J's training UI, and listeners of a program that look at gradients, see those of an adapted W, and what a step took. */
class TrainingUiTest {

    private static final double EXACT = 1e-10;

    private static final DataSet DATA = Data.classes(7, DataType.DOUBLE, 12, Nets.INPUTS, Nets.CLASSES);

    @LowRank(rank = 2)
    private static MultiLayerNetwork lora(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2)
    private static ComputationGraph lora(ComputationGraphConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, gradient = "galore")
    private static MultiLayerNetwork galore(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, update = "maestro")
    private static MultiLayerNetwork maestro(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2, gradient = "adahessian", update = "lora")
    private static MultiLayerNetwork adaHessian(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(update = "random-subspace", options = "random-subspace.dimension=20")
    private static MultiLayerNetwork randomSubspace(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    private static MultiLayerConfiguration layers(IUpdater updater) {
        return Nets.layers(Nets.settings(DataType.DOUBLE, updater));
    }

    private static ComputationGraphConfiguration graph(IUpdater updater) {
        return Nets.graph(Nets.settings(DataType.DOUBLE, updater));
    }

    private static ListDataSetIterator<DataSet> batches() {
        return new ListDataSetIterator<>(DATA.asList(), 4);
    }

    /** What the UI has of the last step. */
    private static StatsReport lastReport(InMemoryStatsStorage storage) {
        String session = storage.listSessionIDs().get(0);
        String worker = storage.listWorkerIDsForSession(session).get(0);
        return (StatsReport) storage.getLatestUpdate(session, StatsListener.TYPE_ID, worker);
    }

    private static StatsReport reportOfOneStep(MultiLayerNetwork network) {
        InMemoryStatsStorage storage = new InMemoryStatsStorage();
        network.setListeners(new StatsListener(storage, 1));
        network.fit(DATA);
        return lastReport(storage);
    }

    private static StatsReport reportOfOneStep(ComputationGraph network) {
        InMemoryStatsStorage storage = new InMemoryStatsStorage();
        network.setListeners(new StatsListener(storage, 1));
        network.fit(DATA);
        return lastReport(storage);
    }

    private static Map<String, INDArray> copy(Map<String, INDArray> table) {
        Map<String, INDArray> copies = new LinkedHashMap<>();
        table.forEach((name, array) -> copies.put(name, array.dup()));
        return copies;
    }

    /** The gradient is stock's, for the adapters have not moved W yet; the update is what W moved by. */
    private static void assertShown(
            StatsReport stock,
            StatsReport report,
            Map<String, INDArray> before,
            Map<String, INDArray> after,
            Set<String> trained) {
        Map<String, Double> gradients = report.getMeanMagnitudes(StatsType.Gradients);
        Map<String, Double> updates = report.getMeanMagnitudes(StatsType.Updates);
        assertEquals(trained, gradients.keySet());
        assertEquals(trained, updates.keySet());
        for (String name : trained) {
            double expected = stock.getMeanMagnitudes(StatsType.Gradients).get(name);
            assertEquals(expected, gradients.get(name), EXACT * expected, "gradient of " + name);
            double moved = before.get(name).sub(after.get(name)).norm1Number().doubleValue()
                    / before.get(name).length();
            assertTrue(moved > 0, name);
            assertEquals(moved, updates.get(name), EXACT * moved, "update of " + name);
            assertTrue(report.getHistograms(StatsType.Updates).containsKey(name), name);
            assertTrue(report.getMeanMagnitudes(StatsType.Parameters).containsKey(name), name);
        }
    }

    @Test
    void theUiSeesGradientsUpdatesAndParametersOfAdaptedLayers() {
        MultiLayerNetwork network = lora(layers(new Sgd(0.1)));
        StatsReport stock = reportOfOneStep(Nets.initialised(layers(new Sgd(0.1))));
        Map<String, INDArray> before = copy(network.paramTable());
        StatsReport report = reportOfOneStep(network);
        assertShown(stock, report, before, network.paramTable(), Set.of("0_W", "1_W", "2_W", "2_b"));
    }

    @Test
    void theUiSeesThoseOfAGraph() {
        ComputationGraph network = lora(graph(new Sgd(0.1)));
        StatsReport stock = reportOfOneStep(Nets.initialised(graph(new Sgd(0.1))));
        Map<String, INDArray> before = copy(network.paramTable());
        StatsReport report = reportOfOneStep(network);
        assertShown(stock, report, before, network.paramTable(), Set.of("first_W", "second_W", "out_W", "out_b"));
    }

    private record Method(String name, Function<MultiLayerConfiguration, MultiLayerNetwork> network) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Stream<Method> methods() {
        return Stream.of(
                new Method("lora", TrainingUiTest::lora),
                new Method("galore", TrainingUiTest::galore),
                new Method("maestro", TrainingUiTest::maestro),
                new Method("adahessian", TrainingUiTest::adaHessian),
                new Method("random-subspace", TrainingUiTest::randomSubspace));
    }

    /** Whatever the method does to W besides subtracting a step. */
    @ParameterizedTest
    @MethodSource("methods")
    void whatIsShownIsWhatWMovedByAndTrainingIsTheSame(Method method) {
        MultiLayerNetwork network = method.network().apply(layers(new Adam(0.02)));
        InMemoryStatsStorage storage = new InMemoryStatsStorage();
        Movements movements = new Movements();
        network.setListeners(new StatsListener(storage, 1), movements);
        network.fit(batches(), 2);
        assertEquals(6, movements.steps);
        MultiLayerNetwork alone = method.network().apply(layers(new Adam(0.02)));
        alone.fit(batches(), 2);
        Nets.assertSame(alone.params(), network.params(), "training without a listener");
    }

    /** Compares the shown update of the first layer with how its W moved from one call to the next. */
    private static final class Movements extends BaseTrainingListener {

        private final Map<String, INDArray> last = new HashMap<>();
        private int steps;

        @Override
        public void iterationDone(Model model, int iteration, int epoch) {
            INDArray weight = model.getParam("0_W").dup();
            INDArray update = model.gradient().gradientForVariable().get("0_W");
            INDArray before = last.put("0_W", weight);
            if (before != null) {
                Nets.assertClose(before.sub(weight), update, 1e-9, "the update of step " + iteration);
            }
            steps++;
        }
    }

    /** Writes down what it finds at each call. */
    private static class Reader extends BaseTrainingListener {

        private final Map<Integer, Set<String>> found = new HashMap<>();

        @Override
        public void iterationDone(Model model, int iteration, int epoch) {
            found.put(
                    iteration, Set.copyOf(model.gradient().gradientForVariable().keySet()));
        }
    }

    private static final class GradientReader extends Reader {

        private INDArray gradient;

        @Override
        public void onGradientCalculation(Model model) {
            gradient = model.gradient().gradientForVariable().get("0_W").dup();
        }
    }

    @Test
    void aListenerOfTheProgramSeesTheGradientOnlyIfItAsksForGradients() {
        MultiLayerNetwork network = lora(layers(new Sgd(0.1)));
        MultiLayerNetwork stock = Nets.initialised(layers(new Sgd(0.1)));
        GradientReader ours = new GradientReader();
        GradientReader stocks = new GradientReader();
        network.setListeners(ours);
        stock.setListeners(stocks);
        network.fit(DATA);
        stock.fit(DATA);
        Nets.assertClose(stocks.gradient, ours.gradient, EXACT, "the gradient of W");
        Reader uninterested = new Reader();
        network.setListeners(uninterested);
        network.fit(DATA);
        assertEquals(List.of(1), List.copyOf(uninterested.found.keySet()));
        assertFalse(uninterested.found.get(1).contains("0_W"), () -> "" + uninterested.found);
    }
}
