package org.lowrank4j.convolution;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;

/** {@link Planes} of floats. */
final class FloatPlanes extends Planes {

    private final float[] picture;
    private final float[] result;
    private final float[][] sums;
    private FloatBuffer filters = FloatBuffer.allocate(0);
    private FloatBuffer pictures = filters;
    private FloatBuffer results = filters;

    FloatPlanes(Frame frame) {
        super(frame);
        picture = new float[pictureLength()];
        result = new float[resultLength()];
        sums = new float[area][length];
    }

    @Override
    void filters(ByteBuffer all) {
        filters = all.asFloatBuffer();
    }

    @Override
    void pictures(ByteBuffer of) {
        pictures = of.asFloatBuffer();
    }

    @Override
    void results(ByteBuffer of) {
        results = of.asFloatBuffer();
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
        for (float[] sum : sums) {
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

    private static void add(float factor, float[] from, int first, float[] to, int start, int count) {
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

    private static void addProducts(float[] from, int first, float[] by, float[] to) {
        for (int i = 0; i < to.length; i++) {
            to[i] += from[first + i] * by[i];
        }
    }

    @Override
    void writeSums(int filter) {
        for (int i = 0; i < area; i++) {
            double sum = 0;
            for (float one : sums[i]) {
                sum += one;
            }
            filters.put(filter * area + i, (float) sum);
        }
    }
}
