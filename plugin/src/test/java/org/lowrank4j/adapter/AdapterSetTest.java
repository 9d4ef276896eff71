package org.lowrank4j.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

class AdapterSetTest {

    private final MultiLayerNetwork network = SmallNetworks.sequential(1);
    private final INDArray x = SmallNetworks.random(99, 5, 12).muli(3);

    @Test
    void switchingBackAndForthIsExact() {
        INDArray base = network.params().dup();
        INDArray stock = network.output(x).dup();
        AdapterSet set = AdapterSet.on(network);
        Adapter first = SmallNetworks.adapter(5, network);
        Adapter second = SmallNetworks.withOutput(6, network);
        set.add("first", first);
        set.add("second", second);
        assertEquals(Set.of("first", "second"), set.names());
        assertEquals(Optional.empty(), set.active());
        assertTrue(Difference.sameBits(base, network.params()), "adding changes nothing");

        set.activate("first");
        INDArray ofFirst = network.params().dup();
        assertFalse(Difference.sameBits(base, ofFirst));
        assertEquals(Optional.of("first"), set.active());
        INDArray expected = first.layer("one")
                .effective(SmallNetworks.sequential(1).getLayer(0).getParam("W"));
        assertTrue(Difference.sameBits(expected, network.getLayer(0).getParam("W")));

        set.activate("second");
        assertEquals(
                second.parameters().get("out").get("b"), network.getLayer(2).getParam("b"));
        INDArray ofSecond = network.params().dup();
        for (int i = 0; i < 5; i++) {
            set.activate("first");
            assertTrue(Difference.sameBits(ofFirst, network.params()));
            set.activate("second");
            assertTrue(Difference.sameBits(ofSecond, network.params()));
        }
        set.disable();
        assertTrue(Difference.sameBits(base, network.params()));
        assertEquals(stock, set.predict(x)[0]);
    }

    @Test
    void predictionsAreThoseOfTheMathematics() {
        AdapterSet set = AdapterSet.on(network);
        Adapter adapter = SmallNetworks.adapter(5, network);
        INDArray w = network.getLayer(0).getParam("W").dup();
        INDArray b = network.getLayer(0).getParam("b").dup();
        set.add("a", adapter);
        set.activate("a");
        LayerAdapter one = adapter.layer("one");
        INDArray z =
                x.mmul(w).add(x.mmul(one.a()).mmul(one.b()).mul(one.scale())).addRowVector(b);
        INDArray expected = Transforms.tanh(z);
        assertTrue(expected.equalsWithEps(network.feedForward(x).get(1), 1e-5));
    }

    @Test
    void aGraphWorksTheSame() {
        ComputationGraph graph = SmallNetworks.graph(2);
        INDArray base = graph.params().dup();
        AdapterSet set = AdapterSet.on(graph);
        set.add("a", SmallNetworks.withOutput(5, graph));
        INDArray before = set.predict(x)[0];
        set.activate("a");
        assertFalse(before.equalsWithEps(set.predict(x)[0], 1e-3));
        set.remove("a");
        assertTrue(Difference.sameBits(base, graph.params()));
        assertEquals(Set.of(), set.names());
    }

    @Test
    void anAdapterMayBeAddedWhileAnotherIsActive() {
        AdapterSet set = AdapterSet.on(network);
        Adapter other = SmallNetworks.withOutput(7, network);
        set.add("a", SmallNetworks.adapter(5, network));
        INDArray base = network.params().dup();
        set.activate("a");
        set.add("other", other);
        set.activate("other");
        set.disable();
        assertTrue(Difference.sameBits(base, network.params()));
    }

    @Test
    void anotherBaseIsRefusedUnlessAllowed() {
        Adapter foreign = SmallNetworks.adapter(5, SmallNetworks.sequential(2));
        AdapterSet set = AdapterSet.on(network);
        LowRankException refused = assertThrows(LowRankException.class, () -> set.add("a", foreign));
        assertTrue(
                refused.getMessage().contains("made on another base: W of layer one has other values"),
                refused.getMessage());
        assertTrue(refused.getMessage().contains("W of layer two"), refused.getMessage());
        assertEquals(Set.of(), set.names());
        set.addOnAnyBase("a", foreign);
        set.activate("a");

        Adapter unknown = new Adapter(foreign.layers(), foreign.parameters(), null, Map.of());
        set.add("unknown", unknown);

        Adapter narrow = new Adapter(Map.of("one", SmallNetworks.layer(1, 11, 10, 2)));
        assertRefused(
                "is for W of 11 x 10 (nIn x nOut), and the network's is 12 x 10", () -> set.addOnAnyBase("n", narrow));
        Adapter misnamed = new Adapter(Map.of("oen", SmallNetworks.layer(1, 12, 10, 2)));
        assertRefused("Did you mean 'one'?", () -> set.add("m", misnamed));
        Adapter wide = foreign.withParameters(Map.of("out", Map.of("b", SmallNetworks.random(1, 4))));
        assertRefused("brings b of layer out with the shape [4]", () -> set.addOnAnyBase("w", wide));
        Adapter noParameter = foreign.withParameters(Map.of("out", Map.of("gamma", SmallNetworks.random(1, 1, 4))));
        assertRefused("has no parameter gamma; it has [W, b]", () -> set.addOnAnyBase("w", noParameter));
    }

    @Test
    void namesAreCheckedInAllCalls() {
        AdapterSet set = AdapterSet.on(network);
        assertRefused("there are none", () -> set.activate("a"));
        set.add("french", SmallNetworks.adapter(5, network));
        assertRefused(
                "There is an adapter 'french' already", () -> set.add("french", SmallNetworks.adapter(6, network)));
        assertRefused("Did you mean 'french'?", () -> set.remove("frensh"));
        assertRefused("has one input, and 2 were given", () -> set.predict(x, x));
        assertRefused(
                "before init()", () -> AdapterSet.on(new MultiLayerNetwork(network.getLayerWiseConfigurations())));
    }

    @Test
    void aRowStandsForAVector() {
        AdapterSet set = AdapterSet.on(network);
        INDArray bias = SmallNetworks.random(4, 1, 3);
        set.add("a", SmallNetworks.adapter(5, network).withParameters(Map.of("out", Map.of("b", bias))));
        set.activate("a");
        assertEquals(bias.reshape(3), network.getLayer(2).getParam("b"));
    }

    @Test
    void trainingIsNotUndone() {
        AdapterSet set = AdapterSet.on(network);
        set.add("a", SmallNetworks.adapter(5, network));
        set.activate("a");
        network.fit(x, SmallNetworks.random(3, 5, 3));
        INDArray trained = network.params().dup();
        assertRefused("would undo that", set::disable);
        assertRefused("W of layer one, W of layer two", () -> set.activate("a"));
        assertRefused("would undo that", () -> set.remove("a"));
        assertTrue(Difference.sameBits(trained, network.params()));
        assertEquals(Optional.of("a"), set.active());
    }

    /** Predictions by the network's own method and through the set; each must be one of the two adapters', as a whole. */
    @Test
    void everyPredictionDuringSwitchesIsOneAdapters() throws Exception {
        hotSwap(network, () -> network.output(x));
        ComputationGraph graph = SmallNetworks.graph(2);
        hotSwap(graph, () -> graph.outputSingle(x));
    }

    private void hotSwap(Model model, Supplier<INDArray> output) throws Exception {
        AdapterSet set = AdapterSet.on(model);
        set.add("a", SmallNetworks.withOutput(5, model));
        set.add("b", SmallNetworks.withOutput(6, model));
        set.activate("a");
        INDArray ofA = output.get().dup();
        set.activate("b");
        INDArray ofB = output.get().dup();
        assertFalse(ofA.equalsWithEps(ofB, 1e-3));

        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger seenA = new AtomicInteger();
        AtomicInteger seenB = new AtomicInteger();
        ConcurrentLinkedQueue<String> mixed = new ConcurrentLinkedQueue<>();
        ExecutorService readers = Executors.newFixedThreadPool(4);
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            boolean direct = i % 2 == 0;
            running.add(readers.submit(() -> {
                while (!stop.get()) {
                    INDArray y = direct ? output.get() : set.predict(x)[0];
                    if (y.equalsWithEps(ofA, 1e-6)) {
                        seenA.incrementAndGet();
                    } else if (y.equalsWithEps(ofB, 1e-6)) {
                        seenB.incrementAndGet();
                    } else {
                        mixed.add(y.toString());
                    }
                }
            }));
        }
        // On a busy machine the readers take their time, and each of them waits its turn; the longest wait is for a
        // deadlock.
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.getLong("lowrank.hotswap.seconds", 3));
        long last = end + TimeUnit.MINUTES.toNanos(2);
        int switches = 0;
        while (System.nanoTime() < end
                || System.nanoTime() < last && (switches <= 10 || seenA.get() <= 10 || seenB.get() <= 10)) {
            set.activate(switches++ % 2 == 0 ? "a" : "b");
        }
        stop.set(true);
        for (Future<?> reader : running) {
            reader.get();
        }
        readers.shutdown();
        System.out.printf(
                "%s: %d switches, %d predictions with a, %d with b%n",
                model.getClass().getSimpleName(), switches, seenA.get(), seenB.get());
        assertEquals(List.of(), List.copyOf(mixed));
        assertTrue(switches > 10 && seenA.get() > 10 && seenB.get() > 10, "too few to mean anything");
    }

    private static void assertRefused(String why, Runnable wrong) {
        LowRankException refused = assertThrows(LowRankException.class, wrong::run);
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }
}
