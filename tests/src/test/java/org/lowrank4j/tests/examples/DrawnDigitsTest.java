package org.lowrank4j.tests.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import digits.DigitSet;
import digits.Domain;
import digits.DrawnDigits;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DrawnDigitsTest {

    @Test
    void theSameSeedDrawsTheSameDigits() {
        DigitSet once = DrawnDigits.draw(30, 5);
        DigitSet again = DrawnDigits.draw(30, 5);
        assertArrayEquals(once.labels(), again.labels());
        assertTrue(Arrays.deepEquals(once.images(), again.images()));
        assertFalse(Arrays.deepEquals(once.images(), DrawnDigits.draw(30, 6).images()));
    }

    @Test
    void everyDigitIsDrawnEquallyOften() {
        int[] counts = new int[10];
        for (byte label : DrawnDigits.draw(200, 1).labels()) {
            counts[label]++;
        }
        assertArrayEquals(new int[] {20, 20, 20, 20, 20, 20, 20, 20, 20, 20}, counts);
    }

    /** The nearest class mean is no strong classifier: it must do far better than chance, and not be perfect. */
    @Test
    void digitsAreLearnableButNotTrivial() {
        DigitSet train = DrawnDigits.draw(1500, 1);
        DigitSet test = DrawnDigits.draw(500, 2);
        double[][] means = new double[10][DigitSet.PIXELS];
        for (int i = 0; i < train.size(); i++) {
            for (int pixel = 0; pixel < DigitSet.PIXELS; pixel++) {
                means[train.labels()[i]][pixel] += (train.images()[i][pixel] & 0xff) / 150.0;
            }
        }
        int right = 0;
        for (int i = 0; i < test.size(); i++) {
            right += nearest(means, test.images()[i]) == test.labels()[i] ? 1 : 0;
        }
        double accuracy = right / 500.0;
        assertTrue(accuracy > 0.5 && accuracy < 0.95, "accuracy of the nearest mean: " + accuracy);
    }

    private static int nearest(double[][] means, byte[] image) {
        int best = 0;
        double least = Double.MAX_VALUE;
        for (int digit = 0; digit < means.length; digit++) {
            double distance = 0;
            for (int pixel = 0; pixel < image.length; pixel++) {
                distance += Math.pow(means[digit][pixel] - (image[pixel] & 0xff), 2);
            }
            if (distance < least) {
                least = distance;
                best = digit;
            }
        }
        return best;
    }

    @Test
    void rotationMovesTheTopRightCornerToTheTopLeft() {
        byte[] image = new byte[DigitSet.PIXELS];
        image[27] = 9;
        byte[] rotated = Domain.ROTATED.apply(image);
        assertEquals(9, rotated[0]);
        byte[] around = image;
        for (int i = 0; i < 4; i++) {
            around = Domain.ROTATED.apply(around);
        }
        assertArrayEquals(image, around);
    }

    @Test
    void inversionSwapsBlackAndWhite() {
        byte[] image = new byte[DigitSet.PIXELS];
        image[3] = (byte) 200;
        byte[] inverted = Domain.INVERTED.apply(image);
        assertEquals((byte) 255, inverted[0]);
        assertEquals(55, inverted[3]);
        assertArrayEquals(Domain.INVERTED.apply(Domain.ROTATED.apply(image)), Domain.INVERTED_ROTATED.apply(image));
    }
}
