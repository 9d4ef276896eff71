package org.lowrank4j.tests.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.NeuralNetwork;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.optimize.api.BaseTrainingListener;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.annotation.LowRank;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.learning.config.Adam;

/** What another thread saves or clones in the middle of training is the network of one moment, between two steps. */
class SaveWhileTrainingTest {

    private static final int STEPS = 20;
    private static final int SECONDS = 60;

    private final ExecutorService others = Executors.newCachedThreadPool();

    @AfterEach
    void endThreads() {
        others.shutdownNow();
    }

    @LowRank(rank = 4, bias = "all")
    private static NeuralNetwork adapted(boolean graph) {
        Adam adam = new Adam(0.01);
        return graph
                ? Nets.initialised(Nets.graph(Nets.settings(DataType.FLOAT, adam)))
                : Nets.initialised(Nets.layers(Nets.settings(DataType.FLOAT, adam)));
    }

    private static void listen(NeuralNetwork network, TrainingListener listener) {
        ((Model) network).setListeners(listener);
    }

    private static void step(NeuralNetwork network, int i) {
        network.fit(Data.classes(i, DataType.FLOAT, 8, Nets.INPUTS, Nets.CLASSES));
    }

    private static byte[] zipOfAClone(Model model) {
        return AdapterFile.zip(
                model instanceof MultiLayerNetwork network ? network.clone() : ((ComputationGraph) model).clone());
    }

    /** Weights, adapters, updater state and the count of iterations, as a zip has them. */
    private static String content(byte[] zip) {
        StringBuilder content = new StringBuilder();
        for (Map.Entry<String, byte[]> entry : AdapterFile.entries(zip).entrySet()) {
            content.append(entry.getKey())
                    .append(' ')
                    .append(Arrays.hashCode(entry.getValue()))
                    .append(' ');
        }
        return content.toString();
    }

    private static List<String> betweenSteps(boolean graph, Function<Model, byte[]> taken) {
        NeuralNetwork network = adapted(graph);
        List<String> contents = new ArrayList<>();
        for (int i = 0; i < STEPS; i++) {
            step(network, i);
            contents.add(content(taken.apply((Model) network)));
        }
        return contents;
    }

    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "false, true", "true, true"})
    void anotherThreadSeesWholeSteps(boolean graph, boolean clones) throws Exception {
        Function<Model, byte[]> taken = clones ? SaveWhileTrainingTest::zipOfAClone : AdapterFile::zip;
        List<String> whole = betweenSteps(graph, taken);
        NeuralNetwork network = adapted(graph);
        listen(network, new BaseTrainingListener() {
            @Override
            public void iterationDone(Model model, int iteration, int epoch) {
                Thread.yield();
            }
        });
        step(network, 0);
        CountDownLatch saving = new CountDownLatch(1);
        CountDownLatch done = new CountDownLatch(1);
        Future<List<String>> saver = others.submit(() -> {
            List<String> contents = new ArrayList<>();
            do {
                contents.add(content(taken.apply((Model) network)));
                saving.countDown();
            } while (done.getCount() > 0);
            return contents;
        });
        // On a busy machine the steps could be over before the other thread has begun.
        assertTrue(saving.await(SECONDS, TimeUnit.SECONDS));
        for (int i = 1; i < STEPS; i++) {
            step(network, i);
        }
        done.countDown();
        List<String> seen = saver.get(SECONDS, TimeUnit.SECONDS);
        assertFalse(seen.isEmpty());
        for (String one : seen) {
            assertTrue(whole.contains(one), () -> "no step ends like this: " + one);
        }
    }

    /** A listener that hands the network to another thread and waits for it, as an asynchronous saver does. */
    @Test
    void aListenerMayWaitForAnotherThreadThatSaves() throws Exception {
        NeuralNetwork network = adapted(false);
        List<String> seen = new ArrayList<>();
        listen(network, new BaseTrainingListener() {
            @Override
            public void iterationDone(Model model, int iteration, int epoch) {
                seen.add(waited(() -> content(AdapterFile.zip(model))));
            }
        });
        inTime(() -> {
            for (int i = 0; i < 3; i++) {
                step(network, i);
            }
        });
        assertEquals(betweenSteps(false, AdapterFile::zip).subList(0, 3), seen);
    }

    private <T> T waited(Callable<T> work) {
        try {
            return others.submit(work).get(SECONDS, TimeUnit.SECONDS);
        } catch (Exception failed) {
            throw new AssertionError("the other thread did not come back", failed);
        }
    }

    private void inTime(Runnable work) throws Exception {
        others.submit(work).get(SECONDS, TimeUnit.SECONDS);
    }

    /** A listener in the middle of a step saves its own network, and another's that does the same. */
    @Test
    void twoNetworksMaySaveEachOtherInTheMiddleOfTheirSteps() throws Exception {
        NeuralNetwork first = adapted(false);
        NeuralNetwork second = adapted(true);
        step(first, 0);
        step(second, 0);
        CountDownLatch both = new CountDownLatch(2);
        listen(first, saving((Model) second, both));
        listen(second, saving((Model) first, both));
        Future<?> one = others.submit(() -> train(first));
        Future<?> other = others.submit(() -> train(second));
        one.get(SECONDS, TimeUnit.SECONDS);
        other.get(SECONDS, TimeUnit.SECONDS);
    }

    private static void train(NeuralNetwork network) {
        for (int i = 1; i < 15; i++) {
            step(network, i);
        }
    }

    /** Waits in the middle of its first step until the other network is in the middle of one. */
    private static TrainingListener saving(Model other, CountDownLatch both) {
        return new BaseTrainingListener() {
            @Override
            public void onGradientCalculation(Model model) {
                both.countDown();
                try {
                    both.await(SECONDS, TimeUnit.SECONDS);
                } catch (InterruptedException interrupted) {
                    throw new AssertionError(interrupted);
                }
                AdapterFile.zip(model);
                AdapterFile.zip(other);
            }

            @Override
            public void iterationDone(Model model, int iteration, int epoch) {
                AdapterFile.zip(other);
            }
        };
    }

    @Test
    void whatIsSavedOnTheTrainingThreadGoesOnBitForBit() throws Exception {
        NeuralNetwork network = adapted(false);
        for (int i = 0; i < 3; i++) {
            step(network, i);
        }
        byte[] elsewhere = waited(() -> AdapterFile.zip((Model) network));
        assertEquals(content(AdapterFile.zip((Model) network)), content(elsewhere));
        DataSet next = Data.classes(3, DataType.FLOAT, 8, Nets.INPUTS, Nets.CLASSES);
        MultiLayerNetwork resumed = restored(elsewhere);
        resumed.fit(next);
        network.fit(next);
        Nets.assertSame(((Model) network).params(), resumed.params(), "the next step");
    }

    @LowRank(rank = 4, bias = "all")
    private static MultiLayerNetwork restored(byte[] zip) throws Exception {
        return org.deeplearning4j.util.ModelSerializer.restoreMultiLayerNetwork(AdapterFile.input(zip), true);
    }
}
