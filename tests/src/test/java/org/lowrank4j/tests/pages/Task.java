package org.lowrank4j.tests.pages;

import digits.DigitSet;

/**
 * Which digits, turned about the middle of their image.
 *
 * @param least the smallest digit
 * @param most the largest one
 * @param degrees counterclockwise
 */
public record Task(int least, int most, int degrees) {

    public static final Task ALL = new Task(0, DigitSet.CLASSES - 1, 0);

    /** All digits, turned. */
    public static Task turned(int degrees) {
        return new Task(ALL.least, ALL.most, degrees);
    }

    /** These digits of a set, in its order. */
    public DigitSet of(DigitSet digits) {
        return of(digits, digits.size());
    }

    /** The first of these digits of a set; what was outside of an image before it was turned is black. */
    public DigitSet of(DigitSet digits, int count) {
        DigitSet chosen = digits.between(least, most).first(count);
        if (degrees == 0) {
            return chosen;
        }
        byte[][] turned = new byte[chosen.size()][];
        for (int i = 0; i < turned.length; i++) {
            turned[i] = turn(chosen.images()[i]);
        }
        return new DigitSet(turned, chosen.labels());
    }

    /** Takes every pixel from where it was before, between its four neighbours there. */
    private byte[] turn(byte[] image) {
        double cosine = Math.cos(Math.toRadians(degrees));
        double sine = Math.sin(Math.toRadians(degrees));
        double middle = (DigitSet.SIDE - 1) / 2.0;
        byte[] turned = new byte[image.length];
        for (int row = 0; row < DigitSet.SIDE; row++) {
            for (int column = 0; column < DigitSet.SIDE; column++) {
                double x = column - middle;
                double y = row - middle;
                double grey = between(image, middle + x * sine + y * cosine, middle + x * cosine - y * sine);
                turned[row * DigitSet.SIDE + column] = (byte) Math.round(grey);
            }
        }
        return turned;
    }

    private static double between(byte[] image, double row, double column) {
        int top = (int) Math.floor(row);
        int left = (int) Math.floor(column);
        double down = row - top;
        double right = column - left;
        return (1 - down) * ((1 - right) * grey(image, top, left) + right * grey(image, top, left + 1))
                + down * ((1 - right) * grey(image, top + 1, left) + right * grey(image, top + 1, left + 1));
    }

    private static int grey(byte[] image, int row, int column) {
        boolean inside = row >= 0 && row < DigitSet.SIDE && column >= 0 && column < DigitSet.SIDE;
        return inside ? image[row * DigitSet.SIDE + column] & 0xff : 0;
    }
}
