package org.lowrank4j.tests.pages.merging;

import digits.DigitSet;

/**
 * A task: the digits turned about the middle of their image.
 *
 * @param degrees counterclockwise
 */
record Rotation(int degrees) {

    /** For files and tables: {@code rot40}, {@code rot-40}. */
    String title() {
        return "rot" + degrees;
    }

    /** The same digits, turned; what was outside the image is black. */
    DigitSet of(DigitSet digits) {
        byte[][] turned = new byte[digits.size()][];
        for (int i = 0; i < turned.length; i++) {
            turned[i] = turn(digits.images()[i]);
        }
        return new DigitSet(turned, digits.labels());
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
