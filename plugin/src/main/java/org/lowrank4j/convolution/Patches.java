package org.lowrank4j.convolution;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.lowrank4j.blas.NativeMemory;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The patches of pictures that the filters of a convolution look at: one row for each place of a filter, one column for
 * each number of the filter. There are kernel area times as many numbers as in the pictures, so they are made for a few
 * examples at a time, and again in each pass, which takes less time than to keep them.
 *
 * <p>Pictures are channels x examples x height x width in 'c' order, as the layers below leave them, and so is everything
 * that has one entry for each place: outputs x places in memory, which BLAS sees as places x outputs.
 */
public final class Patches {

    /** As many numbers are made at a time: what stays in the nearer caches, and is enough for a product. */
    private static final long CHUNK = 1 << 19;

    private final Frame frame;
    private final int examples;
    private final int together;
    private final Kernel kernel;
    private final INDArray scratch;

    /** What is done with the examples of a chunk. */
    public interface Each {

        /**
         * @param first of the examples
         * @param count how many
         */
        void chunk(int first, int count);
    }

    /** @param examples of the pictures */
    public Patches(Frame frame, int examples, DataType type) {
        this.frame = frame;
        this.examples = examples;
        long perExample = frame.patch() * frame.places(1);
        together = (int) Math.max(1, Math.min(examples, CHUNK / perExample));
        kernel = type == DataType.FLOAT ? new Floats(frame) : new Doubles(frame);
        scratch = Nd4j.createUninitialized(type, together * perExample);
    }

    /** Goes through all examples. */
    public void each(Each work) {
        for (int first = 0; first < examples; first += together) {
            work.chunk(first, Math.min(together, examples - first));
        }
    }

    /**
     * The patches of some examples, until the next call for some.
     *
     * @param pictures channels x examples x height x width
     * @return places x numbers in a patch, column-major
     */
    public INDArray of(INDArray pictures, int first, int count) {
        INDArray patches = room(count);
        kernel.patches(bytes(patches, 0, patches.length()));
        for (int channel = 0; channel < frame.channels(); channel++) {
            kernel.pictures(bytes(pictures, pixel(channel, first), (long) count * frame.pixels()));
            for (int example = 0; example < count; example++) {
                kernel.readPicture(example);
                kernel.patches(channel, example, count);
            }
        }
        Reference.reachabilityFence(pictures);
        return patches;
    }

    /**
     * An array for what is to be added to the patches of some examples.
     *
     * @return places x numbers in a patch, column-major, the same memory as that of {@link #of}
     */
    INDArray room(int count) {
        return NativeMemory.matrix(scratch, frame.places(count), frame.patch(), 'f');
    }

    /**
     * Adds up what belongs to each pixel of some examples.
     *
     * @param patches as {@link #room} gives them
     * @param pictures channels x examples x height x width, whose entries of these examples are replaced
     */
    void addUp(INDArray patches, INDArray pictures, int first, int count) {
        kernel.patches(bytes(patches, 0, patches.length()));
        for (int channel = 0; channel < frame.channels(); channel++) {
            kernel.pictures(bytes(pictures, pixel(channel, first), (long) count * frame.pixels()));
            for (int example = 0; example < count; example++) {
                kernel.addUp(channel, example, count);
                kernel.writePicture(example);
            }
        }
        Reference.reachabilityFence(pictures);
    }

    /** The rows of some examples in an array of one entry for each place, outputs x places in memory. */
    public INDArray rows(INDArray perPlace, int first, int count) {
        long all = frame.places(1) * (long) examples;
        return Nd4j.create(
                perPlace.data(),
                new long[] {frame.places(count), perPlace.length() / all},
                new long[] {1, all},
                perPlace.offset() + frame.places(first),
                'f',
                perPlace.dataType());
    }

    private long pixel(int channel, int example) {
        return ((long) channel * examples + example) * frame.pixels();
    }

    private static ByteBuffer bytes(INDArray array, long from, long count) {
        int width = array.dataType().width();
        return NativeMemory.window(array, from * width, Math.toIntExact(count * width));
    }

    /** Works on one plane of a picture at a time, in Java arrays: loops over those are vectorised. */
    private abstract static class Kernel {

        final Frame frame;
        final int places;
        private final int last;
        private final int[][] rows;

        Kernel(Frame frame) {
            this.frame = frame;
            places = frame.places(1);
            last = frame.sides() - 1;
            rows = new int[frame.area() / frame.filter()[last]][];
            for (int row = 0; row < rows.length; row++) {
                rows[row] = frame.rowsSeen(row);
            }
        }

        /** Opens all patches. */
        abstract void patches(ByteBuffer all);

        /** Opens the planes of one channel. */
        abstract void pictures(ByteBuffer of);

        abstract void readPicture(int example);

        abstract void writePicture(int example);

        abstract void clearPicture();

        abstract void clearPlaces();

        abstract void readPlaces(int at);

        abstract void writePlaces(int at);

        /** The pixels of a row, from one on, to the places of a row. */
        abstract void take(int pixel, int stride, int place, int count);

        /** The places of a row to the pixels of a row, from one on. */
        abstract void add(int place, int pixel, int stride, int count);

        final void patches(int channel, int example, int count) {
            for (int inFilter = 0; inFilter < frame.area(); inFilter++) {
                clearPlaces();
                eachRow(inFilter, true);
                writePlaces(at(channel, inFilter, example, count));
            }
        }

        final void addUp(int channel, int example, int count) {
            clearPicture();
            for (int inFilter = 0; inFilter < frame.area(); inFilter++) {
                readPlaces(at(channel, inFilter, example, count));
                eachRow(inFilter, false);
            }
        }

        /** Takes what one number of a filter sees, or adds it. */
        private void eachRow(int inFilter, boolean in) {
            int x = inFilter % frame.filter()[last];
            int first = frame.first(last, x);
            int length = frame.end(last, x) - first;
            if (length <= 0) {
                return;
            }
            int stride = frame.stride()[last];
            int start = frame.pixel(last, first, x);
            int[] seen = rows[inFilter / frame.filter()[last]];
            for (int row = 0; row < seen.length; row++) {
                if (seen[row] >= 0) {
                    int pixel = seen[row] * frame.size()[last] + start;
                    int place = row * frame.places()[last] + first;
                    if (in) {
                        take(pixel, stride, place, length);
                    } else {
                        add(place, pixel, stride, length);
                    }
                }
            }
        }

        private int at(int channel, int inFilter, int example, int count) {
            return (frame.inPatch(channel, inFilter) * count + example) * places;
        }
    }

    private static final class Floats extends Kernel {

        private final float[] picture;
        private final float[] place;
        private FloatBuffer pictures = FloatBuffer.allocate(0);
        private FloatBuffer patches = pictures;

        Floats(Frame frame) {
            super(frame);
            picture = new float[frame.pixels()];
            place = new float[places];
        }

        @Override
        void patches(ByteBuffer all) {
            patches = all.asFloatBuffer();
        }

        @Override
        void pictures(ByteBuffer of) {
            pictures = of.asFloatBuffer();
        }

        @Override
        void readPicture(int example) {
            pictures.get(example * picture.length, picture);
        }

        @Override
        void writePicture(int example) {
            pictures.put(example * picture.length, picture);
        }

        @Override
        void clearPicture() {
            Arrays.fill(picture, 0);
        }

        @Override
        void clearPlaces() {
            Arrays.fill(place, 0);
        }

        @Override
        void readPlaces(int at) {
            patches.get(at, place);
        }

        @Override
        void writePlaces(int at) {
            patches.put(at, place);
        }

        @Override
        void take(int from, int stride, int to, int count) {
            if (stride == 1) {
                System.arraycopy(picture, from, place, to, count);
            } else {
                for (int i = 0; i < count; i++) {
                    place[to + i] = picture[from + i * stride];
                }
            }
        }

        @Override
        void add(int from, int to, int stride, int count) {
            if (stride == 1) {
                for (int i = 0; i < count; i++) {
                    picture[to + i] += place[from + i];
                }
            } else {
                for (int i = 0; i < count; i++) {
                    picture[to + i * stride] += place[from + i];
                }
            }
        }
    }

    private static final class Doubles extends Kernel {

        private final double[] picture;
        private final double[] place;
        private DoubleBuffer pictures = DoubleBuffer.allocate(0);
        private DoubleBuffer patches = pictures;

        Doubles(Frame frame) {
            super(frame);
            picture = new double[frame.pixels()];
            place = new double[places];
        }

        @Override
        void patches(ByteBuffer all) {
            patches = all.asDoubleBuffer();
        }

        @Override
        void pictures(ByteBuffer of) {
            pictures = of.asDoubleBuffer();
        }

        @Override
        void readPicture(int example) {
            pictures.get(example * picture.length, picture);
        }

        @Override
        void writePicture(int example) {
            pictures.put(example * picture.length, picture);
        }

        @Override
        void clearPicture() {
            Arrays.fill(picture, 0);
        }

        @Override
        void clearPlaces() {
            Arrays.fill(place, 0);
        }

        @Override
        void readPlaces(int at) {
            patches.get(at, place);
        }

        @Override
        void writePlaces(int at) {
            patches.put(at, place);
        }

        @Override
        void take(int from, int stride, int to, int count) {
            for (int i = 0; i < count; i++) {
                place[to + i] = picture[from + i * stride];
            }
        }

        @Override
        void add(int from, int to, int stride, int count) {
            for (int i = 0; i < count; i++) {
                picture[to + i * stride] += place[from + i];
            }
        }
    }
}
