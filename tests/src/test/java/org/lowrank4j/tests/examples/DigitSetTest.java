package org.lowrank4j.tests.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import digits.DigitSet;
import org.junit.jupiter.api.Test;

class DigitSetTest {

    /** Labels 0 to 9; image i is an array of its own. */
    private static DigitSet tenDigits() {
        byte[] labels = new byte[10];
        for (int i = 0; i < 10; i++) {
            labels[i] = (byte) i;
        }
        return new DigitSet(new byte[10][DigitSet.PIXELS], labels);
    }

    @Test
    void betweenKeepsImagesWithTheirLabels() {
        DigitSet all = tenDigits();
        DigitSet some = all.between(5, 7);
        assertArrayEquals(new byte[] {5, 6, 7}, some.labels());
        assertSame(all.images()[6], some.images()[1]);
        assertEquals(0, some.between(0, 4).size());
    }

    @Test
    void firstAndAfterPartTheSet() {
        DigitSet all = tenDigits();
        assertArrayEquals(new byte[] {0, 1, 2, 3}, all.first(4).labels());
        assertArrayEquals(new byte[] {4, 5, 6, 7, 8, 9}, all.after(4).labels());
        assertSame(all.images()[4], all.after(4).images()[0]);
        assertEquals(0, all.after(11).size());
    }
}
