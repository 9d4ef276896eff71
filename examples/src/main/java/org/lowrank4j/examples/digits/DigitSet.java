package org.lowrank4j.examples.digits;

import java.util.Arrays;

/**
 * Images of digits with their labels.
 *
 * @param images one array of 28 x 28 grey values (0 black to 255 white, row after row) per digit
 * @param labels the digit, 0 to 9, of each image
 */
record DigitSet(byte[][] images, byte[] labels) {

    /** Pixels per side. */
    static final int SIDE = 28;

    static final int PIXELS = SIDE * SIDE;
    static final int CLASSES = 10;

    int size() {
        return images.length;
    }

    /** The first {@code count} digits, or all if there are fewer. */
    DigitSet first(int count) {
        int kept = Math.min(count, size());
        return new DigitSet(Arrays.copyOf(images, kept), Arrays.copyOf(labels, kept));
    }

    /** The same digits seen in another domain. */
    DigitSet in(Domain domain) {
        byte[][] seen = new byte[size()][];
        for (int i = 0; i < seen.length; i++) {
            seen[i] = domain.apply(images[i]);
        }
        return new DigitSet(seen, labels);
    }
}
