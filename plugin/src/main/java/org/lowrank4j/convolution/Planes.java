package org.lowrank4j.convolution;

import java.nio.ByteBuffer;

/**
 * One padded plane of a picture and one of what comes out, as Java arrays: loops over those are vectorised.
 *
 * <p>The picture is dealt out into phases: pixel (y, x) of the padded plane is in that of (y mod stride, x mod stride), whose
 * rows are as long as those of the result. So a number of a filter that sees pixel p at the first place sees p + i at the
 * i-th, counted along the result's memory.
 */
abstract class Planes {

    private final Frame frame;
    private final int width;
    private final int phase;

    /** Entries of a result that mean something lie before this one. */
    final int length;

    /** Numbers in a filter. */
    final int area;

    Planes(Frame frame) {
        this.frame = frame;
        int[] reach = {reach(0), reach(1)};
        width = frame.places()[1] + reach[1];
        phase = (frame.places()[0] + reach[0]) * width;
        length = (frame.places()[0] - 1) * width + frame.places()[1];
        area = frame.filter()[0] * frame.filter()[1];
    }

    /** Rows or columns of a phase that lie behind the last place. */
    private int reach(int side) {
        return (frame.filter()[side] - 1) * frame.dilation()[side] / frame.stride()[side];
    }

    /** Entries of all phases. */
    final int pictureLength() {
        return phase * frame.stride()[0] * frame.stride()[1];
    }

    /** Entries of a result as wide as a phase. */
    final int resultLength() {
        return frame.places()[0] * width;
    }

    /** Where a number of a filter, counted row by row, looks at the first place. */
    final int seen(int inFilter) {
        int y = inFilter / frame.filter()[1] * frame.dilation()[0];
        int x = inFilter % frame.filter()[1] * frame.dilation()[1];
        return at(y, x);
    }

    /** Where a pixel of the padded plane is. */
    private int at(int y, int x) {
        int[] stride = frame.stride();
        int which = y % stride[0] * stride[1] + x % stride[1];
        return which * phase + y / stride[0] * width + x / stride[1];
    }

    /** Opens the filters, one after the other. */
    abstract void filters(ByteBuffer all);

    /** Opens the planes of one channel. */
    abstract void pictures(ByteBuffer of);

    /** Opens those of one output. */
    abstract void results(ByteBuffer of);

    /** Moves pixels of a row that lie stride apart into the array, or back. */
    abstract void move(int pixel, int to, int stride, int count, boolean in);

    abstract void clearPicture();

    abstract void clearResult();

    abstract void clearSums();

    /** Moves a row of a result into the array, or back. */
    abstract void row(int place, int to, int count, boolean in);

    /** result += filter picture. */
    abstract void multiply(int filter);

    /** picture += filter result. */
    abstract void multiplyBack(int filter);

    /** sums += picture result, for each number of a filter. */
    abstract void addProducts();

    /** The sums as a filter. */
    abstract void writeSums(int filter);

    final void readPicture(int example) {
        eachRow(example, true);
    }

    final void writePicture(int example) {
        eachRow(example, false);
    }

    /** Whether no pixel is beyond the last place, where nothing sees it. */
    final boolean seeAll() {
        return (frame.size()[0] - 1 + frame.padding()[0]) / frame.stride()[0] < phase / width
                && (frame.size()[1] - 1 + frame.padding()[1]) / frame.stride()[1] < width;
    }

    /** Pixels beyond the last place are left as they are. */
    private void eachRow(int example, boolean in) {
        int[] stride = frame.stride();
        int rows = phase / width;
        for (int row = 0; row < frame.size()[0]; row++) {
            int y = row + frame.padding()[0];
            if (y / stride[0] >= rows) {
                continue;
            }
            int from = (example * frame.size()[0] + row) * frame.size()[1];
            for (int first = 0; first < Math.min(stride[1], frame.size()[1]); first++) {
                int x = first + frame.padding()[1];
                int there = (frame.size()[1] - first + stride[1] - 1) / stride[1];
                int count = Math.min(there, width - x / stride[1]);
                if (count > 0) {
                    move(from + first, at(y, x), stride[1], count, in);
                }
            }
        }
    }

    final void readResult(int example) {
        eachPlaces(example, true);
    }

    final void writeResult(int example) {
        eachPlaces(example, false);
    }

    private void eachPlaces(int example, boolean in) {
        for (int row = 0; row < frame.places()[0]; row++) {
            row(example * frame.places(1) + row * frame.places()[1], row * width, frame.places()[1], in);
        }
    }
}
