package org.lowrank4j.tests.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpreadTest {

    @Test
    void medianOfOddAndEvenCounts() {
        assertEquals(new Spread(1, 2, 9), Spread.of(9, 1, 2));
        assertEquals(new Spread(1, 2.5, 9), Spread.of(9, 1, 2, 3));
        assertThrows(IllegalArgumentException.class, Spread::of);
    }

    @Test
    void ratiosAreTakenWithinTheRound() {
        // The machine was twice as slow in the second round: the ratio of medians would be 15 / 25.
        List<Slice> above = List.of(slice(10), slice(20));
        List<Slice> below = List.of(slice(20), slice(40));
        assertEquals(new Spread(0.5, 0.5, 0.5), Spread.ofRatios(above, below, Slice::cpu));
        assertEquals(new Spread(10, 15, 20), Spread.of(above, Slice::cpu));
    }

    @Test
    void ratiosNeedTheSameRounds() {
        List<Slice> one = List.of(slice(1));
        assertThrows(IllegalArgumentException.class, () -> Spread.ofRatios(one, List.of(), Slice::cpu));
    }

    @Test
    void formatsMedianAndRange() {
        assertEquals("2.00 (1.00 .. 9.00)", Spread.of(9, 1, 2).format(2));
    }

    private static Slice slice(double cpu) {
        return new Slice(3, 2 * cpu, cpu, cpu, cpu);
    }
}
