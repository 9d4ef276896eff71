package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.lowrank4j.tests.pages.Spread;

class SliceTest {

    @Test
    void takesMediansInMilliseconds() {
        Slice slice = Slice.of(
                6,
                new double[] {3_000_000, 1_000_000, 50_000_000},
                new double[] {900_000, 800_000, 950_000},
                1_000_000);
        assertEquals(new Slice(6, 3, 1, 0.9, 1), slice);
    }

    @Test
    void survivesItsLine() {
        Slice slice = new Slice(17, 1.25, 1.125, 1.0625, 1.5);
        assertEquals(slice, Slice.parse(slice.format()));
        assertThrows(IllegalArgumentException.class, () -> Slice.parse("17 1.25"));
    }

    @Test
    void timesOfSeveralStepsAreSharedOut() {
        Work twenty = new Work() {
            @Override
            public void run() {
                long end = System.nanoTime() + 20_000_000;
                while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                }
            }

            @Override
            public int steps() {
                return 20;
            }
        };
        Slice slice = Worker.run(twenty, 0);
        assertEquals(20, slice.steps());
        assertTrue(slice.wall() >= 1 && slice.wall() < 20, slice::toString);
        // Two clocks: the thread's is read a little outside the other and may run a little ahead of it.
        assertTrue(slice.cpu() > 0 && slice.cpu() < 20, slice::toString);
    }

    @Test
    void runsAtLeastThreeStepsAndAtLeastSoLong() {
        AtomicInteger steps = new AtomicInteger();
        assertEquals(3, Worker.run(steps::incrementAndGet, 0).steps());
        assertEquals(3, steps.get());
        long start = System.nanoTime();
        assertTrue(Worker.run(steps::incrementAndGet, 0.05).steps() > 3);
        assertTrue(System.nanoTime() - start >= 50_000_000);
    }

    @Test
    void ratiosAreTakenWithinTheRound() {
        // The machine was twice as slow in the second round: the ratio of medians would be 15 / 25.
        List<Slice> above = List.of(slice(10), slice(20));
        List<Slice> below = List.of(slice(20), slice(40));
        assertEquals(Spread.of(0.5, 0.5), Slice.ratios(above, below, Slice::cpu));
        assertEquals(15, Slice.spread(above, Slice::cpu).median());
        assertThrows(IllegalArgumentException.class, () -> Slice.ratios(above, List.of(), Slice::cpu));
    }

    private static Slice slice(double cpu) {
        return new Slice(3, 2 * cpu, cpu, cpu, cpu);
    }
}
