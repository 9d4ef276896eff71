package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.deeplearning4j.gradientcheck.GradientCheckUtil;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.MultiLayerUpdater;
import org.deeplearning4j.nn.updater.UpdaterCreator;
import org.deeplearning4j.nn.updater.graph.ComputationGraphUpdater;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;

/** Between two steps, whoever asks an adapted network for gradients gets those of all parameters, as in stock. */
class WholeGradientTest {

    private static final DataSet BATCH = batch(40);

    private static final List<Map<String, String>> RULES = List.of(
            Map.of("rank", "2", "bias", "all"),
            Map.of("rank", "2", "update", "dora"),
            Map.of("rank", "2", "gradient", "galore"),
            Map.of("rank", "2", "update", "switchlora"));

    private DataType before = DataType.FLOAT;

    /** As DL4J's gradient check demands. */
    @BeforeEach
    void useDouble() {
        before = Nd4j.dataType();
        Nd4j.setDefaultDataTypes(DataType.DOUBLE, DataType.DOUBLE);
    }

    @AfterEach
    void useTheTypeOfBefore() {
        Nd4j.setDefaultDataTypes(before, before);
    }

    private static DataSet batch(long seed) {
        return Data.classes(seed, DataType.DOUBLE, 4, Nets.INPUTS, Nets.CLASSES);
    }

    private static NeuralNetwork network(Map<String, String> rule, boolean graph, IUpdater updater) {
        NeuralNetConfiguration.Builder settings =
                Nets.settings(DataType.DOUBLE, updater).l2(0.01);
        return Rules.during(
                rule, () -> graph ? Nets.initialised(Nets.graph(settings)) : Nets.initialised(Nets.layers(settings)));
    }

    private static void fit(NeuralNetwork network, int from, int to) {
        for (int i = from; i < to; i++) {
            network.fit(batch(i));
        }
    }

    private static BaseMultiLayerUpdater<?> newUpdater(NeuralNetwork network) {
        return network instanceof MultiLayerNetwork layers
                ? new MultiLayerUpdater(layers)
                : new ComputationGraphUpdater((ComputationGraph) network);
    }

    private static boolean checkGradients(NeuralNetwork network) {
        INDArray x = BATCH.getFeatures();
        INDArray y = BATCH.getLabels();
        return network instanceof MultiLayerNetwork layers
                ? GradientCheckUtil.checkGradients(
                        new GradientCheckUtil.MLNConfig().net(layers).input(x).labels(y))
                : GradientCheckUtil.checkGradients(new GradientCheckUtil.GraphConfig()
                        .net((ComputationGraph) network)
                        .inputs(new INDArray[] {x})
                        .labels(new INDArray[] {y}));
    }

    private static void computeGradient(NeuralNetwork network) {
        if (network instanceof MultiLayerNetwork layers) {
            layers.setInput(BATCH.getFeatures());
            layers.setLabels(BATCH.getLabels());
            layers.computeGradientAndScore();
        } else {
            ComputationGraph graph = (ComputationGraph) network;
            graph.setInput(0, BATCH.getFeatures());
            graph.setLabel(0, BATCH.getLabels());
            graph.computeGradientAndScore();
        }
    }

    private static INDArray flattened(NeuralNetwork network) {
        return network instanceof MultiLayerNetwork layers
                ? layers.getFlattenedGradients()
                : ((ComputationGraph) network).getFlattenedGradients();
    }

    /** The gradients that the program asks for are those of DL4J, of every parameter and in the same places. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void gradientsAreThoseOfStock(boolean graph) {
        for (Map<String, String> rule : RULES) {
            NeuralNetwork network = network(rule, graph, new Sgd(1));
            NeuralNetwork stock = network(Map.of(), graph, new Sgd(1));
            fit(network, 0, 3);
            Rules.assertFollows((Model) network);
            ((Model) stock).setParams(((Model) network).params().dup());
            computeGradient(network);
            computeGradient(stock);
            Set<String> names = new TreeSet<>(
                    ((Model) stock).gradient().gradientForVariable().keySet());
            assertEquals(
                    names,
                    new TreeSet<>(
                            ((Model) network).gradient().gradientForVariable().keySet()));
            INDArray whole = ((Model) network).gradient().gradient();
            Nets.assertSame(((Model) stock).gradient().gradient(), whole, "gradient under " + rule);
            assertEquals(((Model) stock).score(), ((Model) network).score(), "score under " + rule);
            assertSame(flattened(network), ((Model) network).getGradientsViewArray());
            flattened(network).assign(7);
            assertEquals(7.0, whole.meanNumber().doubleValue(), "it is one vector");
        }
    }

    @ParameterizedTest
    @CsvSource({"false, 0", "false, 3", "true, 0", "true, 3"})
    void aGradientCheckPasses(boolean graph, int steps) {
        for (Map<String, String> rule : RULES) {
            NeuralNetwork network = network(rule, graph, new Sgd(1));
            fit(network, 0, steps);
            INDArray before = ((Model) network).params().dup();
            assertTrue(checkGradients(network), rule::toString);
            Nets.assertSame(before, ((Model) network).params(), "parameters under " + rule);
            fit(network, steps, steps + 1);
            Rules.assertFollows((Model) network);
        }
    }

    @ParameterizedTest
    @CsvSource({"false, 0", "false, 3", "true, 0", "true, 3"})
    void anUpdaterOfTheProgramsOwnIsDl4js(boolean graph, int steps) {
        NeuralNetwork network = network(RULES.get(0), graph, new Adam(0.01));
        NeuralNetwork stock = network(Map.of(), graph, new Adam(0.01));
        fit(network, 0, steps);
        ((Model) stock).setParams(((Model) network).params().dup());
        BaseMultiLayerUpdater<?> updater = newUpdater(network);
        BaseMultiLayerUpdater<?> ofStock = newUpdater(stock);
        assertEquals(
                ofStock.getStateViewArray().length(),
                updater.getStateViewArray().length());
        for (int i = 0; i < 2; i++) {
            computeGradient(network);
            computeGradient(stock);
            updater.update(((Model) network).gradient(), i, 0, 4, LayerWorkspaceMgr.noWorkspaces());
            ofStock.update(((Model) stock).gradient(), i, 0, 4, LayerWorkspaceMgr.noWorkspaces());
            Nets.assertSame(
                    ((Model) stock).gradient().gradient(),
                    ((Model) network).gradient().gradient(),
                    "step " + i);
        }
    }

    /** The last of the two networks is never asked for anything. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void trainingGoesOnAsIfNobodyHadAsked(boolean graph) {
        for (Map<String, String> rule : RULES) {
            NeuralNetwork asked = network(rule, graph, new Sgd(1));
            NeuralNetwork other = network(rule, graph, new Sgd(1));
            for (int i = 0; i < 6; i++) {
                askForEverything(asked, i % 3 == 0);
                fit(asked, i, i + 1);
                fit(other, i, i + 1);
                Nets.assertSame(((Model) other).params(), ((Model) asked).params(), "parameters under " + rule);
            }
            Rules.assertFollows((Model) asked);
        }
    }

    private static void askForEverything(NeuralNetwork network, boolean check) {
        computeGradient(network);
        assertNotNull(newUpdater(network));
        assertNotNull(UpdaterCreator.getUpdater((Model) network));
        assertEquals(((Model) network).numParams(), flattened(network).length());
        ((Model) network).setBackpropGradientsViewArray(Nd4j.zeros(DataType.DOUBLE, 1, ((Model) network).numParams()));
        assertTrue(!check || checkGradients(network));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theWholeGradientIsFreeAfterTheNextStep(boolean graph) throws InterruptedException {
        NeuralNetwork network = network(RULES.get(0), graph, new Sgd(1));
        fit(network, 0, 3);
        computeGradient(network);
        WeakReference<INDArray> whole = new WeakReference<>(flattened(network));
        fit(network, 3, 4);
        for (int i = 0; i < 100 && whole.get() != null; i++) {
            System.gc();
            Thread.sleep(20);
        }
        assertNull(whole.get(), "the gradient of all parameters is still reachable");
    }
}
