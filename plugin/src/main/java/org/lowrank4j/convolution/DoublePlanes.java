package org.lowrank4j.convolution;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.util.Arrays;

/** {@link Planes} of doubles. */
final class DoublePlanes extends Planes {

    private final double[] picture;
    private final double[] result;
    private final double[][] sums;
    private DoubleBuffer filters = DoubleBuffer.allocate(0);
    private DoubleBuffer pictures = filters;
    private DoubleBuffer results = filters;

    DoublePlanes(Frame frame) {
        super(frame);
        picture = new double[pictureLength()];
        result = new double[resultLength()];
        sums = new double[area][length];
    }

    @Override
    void filters(ByteBuffer all) {
        filters = all.asDoubleBuffer();
    }

    @Override
    void pictures(ByteBuffer of) {
        pictures = of.asDoubleBuffer();
    }

    @Override
    void results(ByteBuffer of) {
        results = of.asDoubleBuffer();
    }

    @Override
    void move(int pixel, int to, int stride, int count, boolean in) {
        if (stride == 1) {
            if (in) {
                pictures.get(pixel, picture, to, count);
            } else {
                pictures.put(pixel, picture, to, count);
            }
        } else if (in) {
            for (int i = 0; i < count; i++) {
                picture[to + i] = pictures.get(pixel + i * stride);
            }
        } else {
            for (int i = 0; i < count; i++) {
                pictures.put(pixel + i * stride, picture[to + i]);
            }
        }
    }

    @Override
    void clearPicture() {
        Arrays.fill(picture, 0);
    }

    @Override
    void clearResult() {
        Arrays.fill(result, 0);
    }

    @Override
    void clearSums() {
        for (double[] sum : sums) {
            Arrays.fill(sum, 0);
        }
    }

    @Override
    void row(int place, int to, int count, boolean in) {
        if (in) {
            results.get(place, result, to, count);
        } else {
            results.put(place, result, to, count);
        }
    }

    @Override
    void multiply(int filter) {
        for (int i = 0; i < area; i++) {
            add(filters.get(filter * area + i), picture, seen(i), result, 0, length);
        }
    }

    @Override
    void multiplyBack(int filter) {
        for (int i = 0; i < area; i++) {
            add(filters.get(filter * area + i), result, 0, picture, seen(i), length);
        }
    }

    private static void add(double factor, double[] from, int first, double[] to, int start, int count) {
        for (int i = 0; i < count; i++) {
            to[start + i] += factor * from[first + i];
        }
    }

    @Override
    void addProducts() {
        for (int i = 0; i < area; i++) {
            addProducts(picture, seen(i), result, sums[i]);
        }
    }

    private static void addProducts(double[] from, int first, double[] by, double[] to) {
        for (int i = 0; i < to.length; i++) {
            to[i] += from[first + i] * by[i];
        }
    }

    @Override
    void writeSums(int filter) {
        for (int i = 0; i < area; i++) {
            double sum = 0;
            for (double one : sums[i]) {
                sum += one;
            }
            filters.put(filter * area + i, sum);
        }
    }
}
