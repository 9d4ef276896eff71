package org.lowrank4j.kind;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.lowrank4j.blas.NativeMemory;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** y = (x - mean) scale + shift, with a number of each for every channel, in one pass over memory. */
record Affine(double[] mean, double[] scale, double[] shift) {

    /** How many numbers are worked on at a time: what stays in the nearest cache. */
    private static final int CHUNK = 4096;

    /**
     * Writes y.
     *
     * @param x float or double, whose entries follow one another
     * @param y likewise, of the same length and type
     * @param inner entries of a channel that follow one another
     */
    void apply(INDArray x, INDArray y, long inner) {
        Kernel kernel = x.dataType() == DataType.FLOAT ? new Floats(x, y) : new Doubles(x, y);
        int channels = scale.length;
        long row = channels * inner;
        if (row <= CHUNK) {
            int repeated = (int) Math.min(Math.max(1, x.length() / row), CHUNK / row);
            int length = (int) (repeated * row);
            kernel.pattern(repeat(mean, inner, length), repeat(scale, inner, length), repeat(shift, inner, length));
            for (long from = 0; from < x.length(); from += length) {
                int count = (int) Math.min(length, x.length() - from);
                kernel.patterned(kernel.open(from, count), count);
            }
        } else {
            for (long from = 0; from < x.length(); ) {
                int channel = (int) (from / inner % channels);
                int count = (int) Math.min(CHUNK, inner - from % inner);
                kernel.plain(kernel.open(from, count), count, mean[channel], scale[channel], shift[channel]);
                from += count;
            }
        }
        Reference.reachabilityFence(x);
        Reference.reachabilityFence(y);
    }

    private static double[] repeat(double[] perChannel, long inner, int length) {
        double[] pattern = new double[length];
        Arrays.setAll(pattern, i -> perChannel[(int) (i / inner % perChannel.length)]);
        return pattern;
    }

    /** Works piece by piece through Java arrays: loops over those are vectorised, and only those of a primitive type. */
    private abstract static class Kernel {

        /** Entries that one Java buffer is opened for: it reaches 2 GiB at most. */
        private static final long WINDOW = 1L << 27;

        private final INDArray x;
        private final INDArray y;
        private long base;
        private long end;

        Kernel(INDArray x, INDArray y) {
            this.x = x;
            this.y = y;
        }

        /** Where the entries from one on are in the buffers that are open, after opening others if need be. */
        private int open(long from, int count) {
            if (from + count > end) {
                base = from;
                end = Math.min(from + WINDOW, x.length());
                int width = x.dataType().width();
                int bytes = (int) (end - base) * width;
                buffers(NativeMemory.window(x, base * width, bytes), NativeMemory.window(y, base * width, bytes));
            }
            return (int) (from - base);
        }

        abstract void buffers(ByteBuffer from, ByteBuffer to);

        abstract void pattern(double[] means, double[] scales, double[] shifts);

        abstract void patterned(int at, int count);

        abstract void plain(int at, int count, double mean, double scale, double shift);
    }

    private static final class Floats extends Kernel {

        private final float[] piece = new float[CHUNK];
        private FloatBuffer in = FloatBuffer.allocate(0);
        private FloatBuffer out = in;
        private float[] means = {};
        private float[] scales = {};
        private float[] shifts = {};

        Floats(INDArray x, INDArray y) {
            super(x, y);
        }

        @Override
        void buffers(ByteBuffer from, ByteBuffer to) {
            in = from.asFloatBuffer();
            out = to.asFloatBuffer();
        }

        @Override
        void pattern(double[] means, double[] scales, double[] shifts) {
            this.means = singles(means);
            this.scales = singles(scales);
            this.shifts = singles(shifts);
        }

        private static float[] singles(double[] numbers) {
            float[] singles = new float[numbers.length];
            for (int i = 0; i < singles.length; i++) {
                singles[i] = (float) numbers[i];
            }
            return singles;
        }

        @Override
        void patterned(int at, int count) {
            in.get(at, piece, 0, count);
            float[] m = means;
            float[] s = scales;
            float[] b = shifts;
            for (int i = 0; i < count; i++) {
                piece[i] = (piece[i] - m[i]) * s[i] + b[i];
            }
            out.put(at, piece, 0, count);
        }

        @Override
        void plain(int at, int count, double mean, double scale, double shift) {
            in.get(at, piece, 0, count);
            float m = (float) mean;
            float s = (float) scale;
            float b = (float) shift;
            for (int i = 0; i < count; i++) {
                piece[i] = (piece[i] - m) * s + b;
            }
            out.put(at, piece, 0, count);
        }
    }

    private static final class Doubles extends Kernel {

        private final double[] piece = new double[CHUNK];
        private DoubleBuffer in = DoubleBuffer.allocate(0);
        private DoubleBuffer out = in;
        private double[] means = {};
        private double[] scales = {};
        private double[] shifts = {};

        Doubles(INDArray x, INDArray y) {
            super(x, y);
        }

        @Override
        void buffers(ByteBuffer from, ByteBuffer to) {
            in = from.asDoubleBuffer();
            out = to.asDoubleBuffer();
        }

        @Override
        void pattern(double[] means, double[] scales, double[] shifts) {
            this.means = means;
            this.scales = scales;
            this.shifts = shifts;
        }

        @Override
        void patterned(int at, int count) {
            in.get(at, piece, 0, count);
            double[] m = means;
            double[] s = scales;
            double[] b = shifts;
            for (int i = 0; i < count; i++) {
                piece[i] = (piece[i] - m[i]) * s[i] + b[i];
            }
            out.put(at, piece, 0, count);
        }

        @Override
        void plain(int at, int count, double mean, double scale, double shift) {
            in.get(at, piece, 0, count);
            for (int i = 0; i < count; i++) {
                piece[i] = (piece[i] - mean) * scale + shift;
            }
            out.put(at, piece, 0, count);
        }
    }
}
