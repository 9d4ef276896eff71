package org.lowrank4j.updater;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import org.lowrank4j.blas.NativeMemory;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Goes through arrays of one length side by side, a piece that stays in the nearest cache at a time, in doubles. */
final class Pieces {

    private static final int LENGTH = 1024;

    /** Entries that one Java buffer is opened for: it reaches 2 GiB at most. */
    private static final long WINDOW = 1L << 27;

    private Pieces() {}

    /** What is done with a piece: whatever it writes into the first entries of the arrays is written back. */
    interface Work {
        void on(double[] entries, double[][] arrays, int count);
    }

    /**
     * Does it with all pieces.
     *
     * @param first float or double, whose entries follow one another
     * @param others of the same length, likewise
     */
    static void of(INDArray first, List<INDArray> others, Work work) {
        Piece entries = new Piece(first);
        Piece[] pieces = others.stream().map(Piece::new).toArray(Piece[]::new);
        double[][] arrays = new double[pieces.length][];
        for (int i = 0; i < pieces.length; i++) {
            arrays[i] = pieces[i].doubles;
        }
        for (long from = 0; from < first.length(); from += LENGTH) {
            int count = (int) Math.min(LENGTH, first.length() - from);
            entries.read(from, count);
            for (Piece piece : pieces) {
                piece.read(from, count);
            }
            work.on(entries.doubles, arrays, count);
            entries.write(count);
            for (Piece piece : pieces) {
                piece.write(count);
            }
        }
        Reference.reachabilityFence(first);
        Reference.reachabilityFence(others);
    }

    /** Some entries of an array, as doubles. */
    private static final class Piece {

        private final INDArray array;
        private final boolean single;
        private final double[] doubles = new double[LENGTH];
        private final float[] floats;
        private FloatBuffer asFloats = FloatBuffer.allocate(0);
        private DoubleBuffer asDoubles = DoubleBuffer.allocate(0);
        private long base;
        private long end;
        private int at;

        Piece(INDArray array) {
            this.array = array;
            single = array.dataType() == DataType.FLOAT;
            floats = new float[single ? LENGTH : 0];
        }

        void read(long from, int count) {
            if (from + count > end) {
                open(from);
            }
            at = (int) (from - base);
            if (single) {
                asFloats.get(at, floats, 0, count);
                for (int i = 0; i < count; i++) {
                    doubles[i] = floats[i];
                }
            } else {
                asDoubles.get(at, doubles, 0, count);
            }
        }

        private void open(long from) {
            int width = array.dataType().width();
            base = from;
            end = Math.min(from + WINDOW, array.length());
            ByteBuffer window = NativeMemory.window(array, base * width, (int) ((end - base) * width));
            if (single) {
                asFloats = window.asFloatBuffer();
            } else {
                asDoubles = window.asDoubleBuffer();
            }
        }

        void write(int count) {
            if (single) {
                for (int i = 0; i < count; i++) {
                    floats[i] = (float) doubles[i];
                }
                asFloats.put(at, floats, 0, count);
            } else {
                asDoubles.put(at, doubles, 0, count);
            }
        }
    }
}
