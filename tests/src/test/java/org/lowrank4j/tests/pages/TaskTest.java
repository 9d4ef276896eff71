package org.lowrank4j.tests.pages;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import digits.DigitSet;
import digits.Domain;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TaskTest {

    private static byte[] noise() {
        byte[] image = new byte[DigitSet.PIXELS];
        new Random(1).nextBytes(image);
        return image;
    }

    private static byte[] turned(int degrees, byte[] image) {
        return Task.turned(degrees)
                .of(new DigitSet(new byte[][] {image}, new byte[] {3}))
                .images()[0];
    }

    @Test
    void aQuarterIsExact() {
        byte[] image = noise();
        assertArrayEquals(image, turned(0, image));
        assertArrayEquals(Domain.ROTATED.apply(image), turned(90, image));
        assertArrayEquals(image, turned(-180, turned(180, image)));
    }

    @Test
    void betweenPixelsGreysAreMixed() {
        byte[] image = new byte[DigitSet.PIXELS];
        // A square in the middle, inside the circle that no rotation leaves.
        for (int row = 9; row < 19; row++) {
            for (int column = 9; column < 19; column++) {
                image[row * DigitSet.SIDE + column] = (byte) 200;
            }
        }
        byte[] turned = turned(45, image);
        int sum = 0;
        for (byte grey : turned) {
            sum += grey & 0xff;
        }
        assertEquals(200 * 100, sum, 200);
        // The square's corner is now above its middle: 5 sqrt(2) from it.
        assertEquals(200, turned[(DigitSet.SIDE / 2 - 6) * DigitSet.SIDE + DigitSet.SIDE / 2] & 0xff, 60);
        assertEquals(0, turned[9 * DigitSet.SIDE + 9]);
    }

    @Test
    void onlyItsDigitsStayWithTheirLabels() {
        DigitSet digits = new DigitSet(new byte[][] {noise(), noise(), noise()}, new byte[] {7, 2, 5});
        assertArrayEquals(new byte[] {7, 2, 5}, Task.turned(30).of(digits).labels());
        assertArrayEquals(new byte[] {7, 5}, new Task(5, 9, 30).of(digits).labels());
        assertArrayEquals(new byte[] {7}, new Task(5, 9, 30).of(digits, 1).labels());
    }
}
