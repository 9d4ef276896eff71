package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Nesterovs;

/** Where adapters live and how long: with their network, and no longer. */
class LifecycleTest {

    @LowRank(rank = 2)
    private static MultiLayerNetwork rank2(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 2)
    private static ComputationGraph rank2(ComputationGraphConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    @LowRank(rank = 3, layers = "1")
    private static MultiLayerNetwork rank3OfTheSecond(MultiLayerConfiguration configuration) {
        return Nets.initialised(configuration);
    }

    /** A trainer as users write it: the rule is its class's. */
    @LowRank(rank = 1)
    private static final class AnnotatedTrainer {
        static MultiLayerNetwork network() {
            return Nets.initialised(configuration());
        }

        @LowRank(enabled = false)
        static MultiLayerNetwork exempt() {
            return Nets.initialised(configuration());
        }

        @LowRank(rank = 4)
        static MultiLayerNetwork rank4() {
            return Nets.initialised(configuration());
        }
    }

    private static MultiLayerConfiguration configuration() {
        return Nets.layers(Nets.settings(DataType.FLOAT, new Nesterovs(0.05, 0.9)));
    }

    private static DataSet batch(int i) {
        return Data.classes(i, DataType.FLOAT, 6, Nets.INPUTS, Nets.CLASSES);
    }

    private static MultiLayerNetwork fit(MultiLayerNetwork network, int from, int count) {
        for (int i = from; i < from + count; i++) {
            network.fit(batch(i));
        }
        return network;
    }

    private static long rankOf(MultiLayerNetwork network, String layer) {
        return AdapterFile.factor(network, layer, "A").size(1);
    }

    private static WeakReference<Object> discarded(Callable<Object> network) throws Exception {
        return new WeakReference<>(network.call());
    }

    private static void assertCollected(WeakReference<Object> reference, String what) throws InterruptedException {
        for (int i = 0; i < 100 && reference.get() != null; i++) {
            System.gc();
            Thread.sleep(20);
        }
        assertNull(reference.get(), what + " is still reachable");
    }

    @Test
    void discardedNetworksAreCollected() throws Exception {
        assertCollected(discarded(() -> fit(rank2(configuration()), 0, 3)), "a trained network");
        assertCollected(discarded(() -> rank2(configuration())), "an untrained network");
        assertCollected(discarded(() -> fit(rank2(configuration()), 0, 2).clone()), "a clone");
        assertCollected(
                discarded(() -> {
                    ComputationGraph graph = rank2(Nets.graph(Nets.settings(DataType.FLOAT, new Adam(0.01))));
                    graph.fit(batch(0));
                    return graph;
                }),
                "a graph");
        assertCollected(
                discarded(() -> {
                    MultiLayerNetwork network = fit(rank2(configuration()), 0, 2);
                    network.setLearningRate(0.1);
                    network.calculateGradients(batch(1).getFeatures(), batch(1).getLabels(), null, null);
                    return fit(network, 2, 1);
                }),
                "a network whose rate was changed");
    }

    /** Nothing is initialised, trained or looked up afterwards. */
    @Test
    void discardedNetworksFreeTheirMemoryAtOnce() throws Exception {
        assertCollected(buffer(fit(rank2(configuration()), 0, 2)), "the parameters of a network");
        assertCollected(buffer(fit(rank2(configuration()).clone(), 0, 2)), "the parameters of a clone");
        ComputationGraph graph = rank2(Nets.graph(Nets.settings(DataType.FLOAT, new Adam(0.01))));
        graph.fit(batch(0));
        WeakReference<Object> ofGraph = buffer(graph);
        graph = null;
        assertCollected(ofGraph, "the parameters of a graph");
    }

    private static WeakReference<Object> buffer(Model network) {
        DataBuffer buffer = network.params().data();
        DataBuffer whole = buffer.originalDataBuffer();
        return new WeakReference<>(whole == null ? buffer : whole);
    }

    @Test
    void networksOfOneConfigurationObjectHaveTheirOwnAdapters() {
        MultiLayerConfiguration shared = configuration();
        MultiLayerNetwork first = rank2(shared);
        MultiLayerNetwork second = rank2(shared);
        MultiLayerNetwork alone = rank2(configuration());
        fit(alone, 0, 3);
        int iterations = alone.getIterationCount();
        for (int i = 0; i < 3; i++) {
            // The configuration object counts iterations, for both networks: Nesterovs does not look at the count.
            first.fit(batch(i));
            second.fit(batch(10 + i));
        }
        assertEquals(3, iterations);
        Nets.assertSame(alone.params(), first.params(), "the first network");
        assertNotEquals(first.params(), second.params());
        Nets.assertSame(AdapterFile.factor(alone, "layer0", "B"), AdapterFile.factor(first, "layer0", "B"), "its B");
        assertNotEquals(AdapterFile.factor(first, "layer0", "B"), AdapterFile.factor(second, "layer0", "B"));
    }

    @Test
    void aClearedNetworkKeepsItsAdapters() {
        MultiLayerNetwork network = fit(rank2(configuration()), 0, 3);
        MultiLayerNetwork undisturbed = fit(rank2(configuration()), 0, 3);
        Map<String, INDArray> before = AdapterFile.tensors(network);
        network.clear();
        network.clearLayersStates();
        Map<String, INDArray> after = AdapterFile.tensors(network);
        before.forEach((name, tensor) -> Nets.assertSame(tensor, after.get(name), name));
        fit(network, 3, 3);
        fit(undisturbed, 3, 3);
        Nets.assertSame(undisturbed.params(), network.params(), "the network that was cleared");
    }

    @Test
    void rulesOfOneJvmDoNotMix() {
        MultiLayerNetwork two = rank2(configuration());
        MultiLayerNetwork three = rank3OfTheSecond(configuration());
        MultiLayerNetwork none = Nets.initialised(configuration());
        MultiLayerNetwork ofClass = AnnotatedTrainer.network();
        MultiLayerNetwork ofMethod = AnnotatedTrainer.rank4();
        MultiLayerNetwork exempt = AnnotatedTrainer.exempt();
        for (int i = 0; i < 2; i++) {
            for (MultiLayerNetwork network : new MultiLayerNetwork[] {two, three, none, ofClass, ofMethod, exempt}) {
                network.fit(batch(i));
            }
        }
        assertEquals(2, rankOf(two, "layer0"));
        assertEquals(2, rankOf(two, "layer1"));
        assertEquals(3, rankOf(three, "layer1"));
        assertFalse(AdapterFile.tensors(three).containsKey("adapter/layer0/A"));
        assertEquals(1, rankOf(ofClass, "layer0"));
        assertEquals(4, rankOf(ofMethod, "layer0"));
        assertTrue(AdapterFile.tensors(none).isEmpty());
        assertTrue(AdapterFile.tensors(exempt).isEmpty());
        Nets.assertSame(none.params(), exempt.params(), "the exempt network");
    }

    /** Initialising outside of the annotated code and training inside of it gives no rule: init decides. */
    @Test
    void theRuleIsThatOfTheInitialisation() {
        MultiLayerNetwork network = Nets.initialised(configuration());
        trainHere(network);
        assertTrue(AdapterFile.tensors(network).isEmpty());
    }

    @LowRank(rank = 2)
    private static void trainHere(MultiLayerNetwork network) {
        network.fit(batch(0));
    }

    @Test
    void initialisingAgainChangesNothing() {
        MultiLayerNetwork network = fit(rank2(configuration()), 0, 2);
        INDArray before = network.params().dup();
        network.init();
        Nets.assertSame(before, network.params(), "parameters");
        MultiLayerNetwork undisturbed = fit(rank2(configuration()), 0, 4);
        Nets.assertSame(undisturbed.params(), fit(network, 2, 2).params(), "after init() was called again");
    }

    @Test
    void trainingMayMoveToAnotherThread() throws Exception {
        MultiLayerNetwork network = fit(rank2(configuration()), 0, 2);
        ExecutorService other = Executors.newSingleThreadExecutor();
        try {
            Future<?> done = other.submit(() -> fit(network, 2, 2));
            done.get();
        } finally {
            other.shutdownNow();
        }
        Nets.assertSame(fit(rank2(configuration()), 0, 4).params(), network.params(), "parameters");
    }

    @Test
    void theSameSeedGivesTheSameTrainingWhateverElseDrewRandomNumbers() {
        MultiLayerNetwork first = fit(rank2(configuration()), 0, 3);
        org.nd4j.linalg.factory.Nd4j.rand(3, 3);
        MultiLayerNetwork second = rank2(configuration());
        org.nd4j.linalg.factory.Nd4j.getRandom().setSeed(123456);
        fit(second, 0, 3);
        Nets.assertSame(first.params(), second.params(), "parameters");
    }

    @Test
    void parametersSetByTheProgramAreTheNewEffectiveWeights() {
        MultiLayerNetwork network = fit(rank2(configuration()), 0, 2);
        INDArray set = network.params().mul(0.5);
        INDArray a = AdapterFile.factor(network, "layer0", "A");
        INDArray b = AdapterFile.factor(network, "layer0", "B");
        network.setParams(set);
        INDArray weight = network.getParam("0_W").dup();
        network.fit(batch(2));
        INDArray moved = AdapterFile.factor(network, "layer0", "A")
                .mmul(AdapterFile.factor(network, "layer0", "B"))
                .subi(a.mmul(b))
                .muli(4);
        INDArray really = network.getParam("0_W").sub(weight);
        assertTrue(really.sub(moved).normmaxNumber().doubleValue()
                <= 1e-5 * moved.normmaxNumber().doubleValue() + 1e-7);
    }
}
