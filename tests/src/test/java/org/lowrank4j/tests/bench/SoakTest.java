package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The check for growth itself, and a short version of what the benchmark runs for 100,000 steps. */
class SoakTest {

    /** Enough that the JVM's own caches, which fill to some KiB, weigh little in a slope that is told for 100,000 steps. */
    private static final int STEPS = 12_000;

    private static final int SAMPLES = 16;

    /**
     * ND4J's table of arrays that wait for a collection doubles with their number, and keeps its size. In a heap of 128 MB about
     * as many wait as it doubles at (24,576), so that it does so sooner or later; in this one two thirds of that.
     */
    private static final String HEAP = "80m";

    @Test
    void slopesIgnoreOutliers() {
        assertEquals(2, Slope.of(new double[] {0, 1, 2, 3, 4}, new double[] {1, 3, 500, 7, 9}));
        assertEquals(0, Slope.of(new double[] {0, 1, 2, 3, 4}, new double[] {5, 5, 5, 5, 90}));
        assertThrows(IllegalArgumentException.class, () -> Slope.of(new double[] {1}, new double[] {1}));
        assertThrows(IllegalArgumentException.class, () -> Slope.of(new double[] {1, 1}, new double[] {1, 2}));
    }

    @Test
    void noiseIsNoGrowth() {
        Random random = new Random(1);
        Soak soak = soak(step -> 30_000_000 + (step < 20_000 ? step * 100 : 2_000_000) + random.nextInt(100_000));
        assertFalse(soak.grows(Soak.Part.HEAP), () -> "" + soak.growth(Soak.Part.HEAP));
    }

    @Test
    void theSmallestObjectForEachStepIsGrowth() {
        Random random = new Random(1);
        Soak soak = soak(step -> 30_000_000 + 16 * step + random.nextInt(100_000));
        assertTrue(soak.grows(Soak.Part.HEAP));
        assertEquals(16 * 100_000 / 1024.0, soak.growth(Soak.Part.HEAP), 100);
        assertFalse(soak.grows(Soak.Part.THREADS));
    }

    private static Soak soak(java.util.function.LongUnaryOperator heap) {
        Soak soak = new Soak();
        for (long step = 2000; step <= 100_000; step += 2000) {
            soak.add(step, new Footprint(heap.applyAsLong(step), 1000, 1000, 200_000_000, 12, 9000));
        }
        return soak;
    }

    @Test
    void footprintsSeeWhatIsKept() throws IOException {
        Footprint before = Footprint.afterCollection();
        List<byte[]> kept = new ArrayList<>(List.of(new byte[5_000_000]));
        INDArray array = Nd4j.zeros(1_000_000);
        Footprint with = Footprint.afterCollection();
        assertTrue(with.heap() - before.heap() > 4_000_000, () -> before + " " + with);
        assertTrue(with.arrays() > before.arrays(), () -> before + " " + with);
        assertEquals(with, Footprint.parse(with.format()));
        assertEquals(6_000_000, kept.get(0).length + array.length());
    }

    @ParameterizedTest
    @CsvSource({"mln,iterator", "cg,dataset"})
    void adaptedTrainingKeepsNothing(String network, String fit, @TempDir Path logs) throws IOException {
        Workload workload = new Workload(network, 64, 8, 2, 4, "adam", fit);
        String agent = System.getProperty("agent.jar") + "=rank=4";
        try (WorkerArm arm = new WorkerArm("soak", "train", agent, workload, HEAP, logs, WorkerArm.COMPACT_FULLY)) {
            Soak soak = Soak.of(arm, STEPS, SAMPLES);
            arm.requireAdapters();
            for (Soak.Part part : List.of(Soak.Part.HEAP, Soak.Part.ARRAYS, Soak.Part.WORKSPACES, Soak.Part.THREADS)) {
                assertFalse(
                        soak.grows(part),
                        () -> part.label() + " grows by " + soak.growth(part) + " " + part.unit() + ": "
                                + soak.toJson());
            }
        }
    }
}
