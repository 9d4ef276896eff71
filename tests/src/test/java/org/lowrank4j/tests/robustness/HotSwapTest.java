package org.lowrank4j.tests.robustness;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.lowrank4j.adapter.AdapterSet;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Adapters are swapped while other threads predict: every prediction is that of one of the two, to the last bit. */
@Tag("robustness")
class HotSwapTest {

    private static final long SECONDS = Long.getLong("robustness.seconds", 2);
    private static final int THREADS = 4;

    /** How often a thread saw each of the two. */
    private record Seen(long first, long second) {}

    @Test
    void everyPredictionIsOfOneAdapterOrTheOther() throws InterruptedException, ExecutionException {
        MultiLayerNetwork network = Samples.network(1);
        AdapterSet set = AdapterSet.on(network);
        set.add("first", Samples.adapter(10, network));
        set.add("second", Samples.adapter(20, network));
        INDArray input = Samples.random(30, 5, Samples.INPUTS);
        float[] base = predicted(network, input);
        set.activate("second");
        float[] second = predicted(network, input);
        set.activate("first");
        float[] first = predicted(network, input);
        assertFalse(Arrays.equals(first, second));

        AtomicBoolean running = new AtomicBoolean(true);
        ExecutorService readers = Executors.newFixedThreadPool(THREADS);
        List<Future<Seen>> seen = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            seen.add(readers.submit(() -> read(network, input.dup(), first, second, running)));
        }
        long swaps = 0;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        try {
            while (System.nanoTime() < end) {
                set.activate(swaps++ % 2 == 0 ? "second" : "first");
            }
        } finally {
            running.set(false);
            readers.shutdown();
        }
        assertTrue(readers.awaitTermination(1, TimeUnit.MINUTES));
        long ofFirst = 0;
        long ofSecond = 0;
        for (Future<Seen> one : seen) {
            ofFirst += one.get().first();
            ofSecond += one.get().second();
        }
        System.out.println("result hot swap: " + SECONDS + " s, " + THREADS + " threads, " + swaps + " swaps, "
                + (ofFirst + ofSecond) + " predictions, " + ofFirst + " by the first adapter");
        assertTrue(swaps > SECONDS, "swapped " + swaps + " times");
        assertTrue(ofFirst > 0 && ofSecond > 0, "the readers did not see both adapters");
        set.disable();
        assertArrayEquals(base, predicted(network, input));
        assertEquals(Optional.empty(), set.active());
    }

    private static Seen read(
            MultiLayerNetwork network, INDArray input, float[] first, float[] second, AtomicBoolean running) {
        long ofFirst = 0;
        long ofSecond = 0;
        while (running.get()) {
            float[] output = predicted(network, input);
            if (Arrays.equals(output, first)) {
                ofFirst++;
            } else if (Arrays.equals(output, second)) {
                ofSecond++;
            } else {
                throw new AssertionError("a prediction of neither adapter: " + Arrays.toString(output));
            }
        }
        return new Seen(ofFirst, ofSecond);
    }

    private static float[] predicted(MultiLayerNetwork network, INDArray input) {
        return network.output(input).reshape(-1).toFloatVector();
    }
}
