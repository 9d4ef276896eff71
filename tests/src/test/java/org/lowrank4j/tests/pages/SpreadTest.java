package org.lowrank4j.tests.pages;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class SpreadTest {

    @Test
    void medianOfOddAndEvenCounts() {
        assertEquals(2, Spread.of(9, 1, 2).median());
        assertEquals(2.5, Spread.of(9, 1, 2, 3).median());
        assertEquals(1, Spread.of(9, 1, 2).least());
        assertEquals(9, Spread.of(9, 1, 2).greatest());
        assertThrows(IllegalArgumentException.class, Spread::of);
    }

    @Test
    void theDeviationIsThatOfASample() {
        assertEquals(Math.sqrt(2), Spread.of(1, 3).deviation(), 1e-12);
        assertEquals(0, Spread.of(7).deviation());
    }

    @Test
    void formatsMedianAndRange() {
        assertEquals("2.00 (1.00 .. 9.00)", Spread.of(9, 1, 2).format(2));
    }
}
