package org.lowrank4j.convolution;

/**
 * How a filter goes over a picture of two sides, height and width, or over a volume of three, depth first; lengths in
 * pixels.
 *
 * @param padding before the first pixel of each side
 * @param places sides of what comes out
 * @param order of the numbers in a patch
 */
public record Frame(
        int channels,
        int[] size,
        int[] filter,
        int[] stride,
        int[] padding,
        int[] dilation,
        int[] places,
        Order order) {

    /** What a row of filters is. */
    public enum Order {
        /** (channel, y, x), or (channel, depth, y, x). */
        CHANNELS_FIRST,
        /** (y, x, channel), or (depth, y, x, channel). */
        CHANNELS_LAST
    }

    /** One with the channels first in a patch. */
    public Frame(int channels, int[] size, int[] filter, int[] stride, int[] padding, int[] dilation, int[] places) {
        this(channels, size, filter, stride, padding, dilation, places, Order.CHANNELS_FIRST);
    }

    /** Which number of a patch it is. */
    int inPatch(int channel, int inFilter) {
        return order == Order.CHANNELS_FIRST ? channel * area() + inFilter : inFilter * channels + channel;
    }

    int sides() {
        return size.length;
    }

    /** Numbers in a filter of one channel, which are counted with the last side as the fastest. */
    int area() {
        return product(filter);
    }

    /** Numbers in a patch. */
    public long patch() {
        return (long) channels * area();
    }

    public int places(int example) {
        return example * product(places);
    }

    int pixels() {
        return product(size);
    }

    private static int product(int[] lengths) {
        int product = 1;
        for (int length : lengths) {
            product *= length;
        }
        return product;
    }

    /** Whether the patches are the pictures themselves. */
    public boolean seesPixels() {
        for (int side = 0; side < sides(); side++) {
            if (filter[side] != 1 || stride[side] != 1 || places[side] != size[side] || padding[side] != 0) {
                return false;
            }
        }
        return true;
    }

    /** The first place from which on a filter's row or column is inside the picture. */
    int first(int side, int inFilter) {
        int outside = padding[side] - inFilter * dilation[side];
        return Math.min(Math.max(0, -Math.floorDiv(-outside, stride[side])), places[side]);
    }

    /** The first place from which on it is outside again. */
    int end(int side, int inFilter) {
        int last = Math.floorDiv(size[side] - 1 + padding[side] - inFilter * dilation[side], stride[side]);
        return Math.max(first(side, inFilter), Math.min(places[side], last + 1));
    }

    /** The pixel that a filter's row or column sees at a place. */
    int pixel(int side, int place, int inFilter) {
        return place * stride[side] - padding[side] + inFilter * dilation[side];
    }

    /** The row of pixels that a filter's row sees at each row of places; -1 outside of the picture. */
    int[] rowsSeen(int rowInFilter) {
        int[] seen = new int[places(1) / places[sides() - 1]];
        for (int row = 0; row < seen.length; row++) {
            seen[row] = rowSeen(row, rowInFilter);
        }
        return seen;
    }

    private int rowSeen(int row, int rowInFilter) {
        int seen = 0;
        int pixels = 1;
        int place = row;
        int inFilter = rowInFilter;
        for (int side = sides() - 2; side >= 0; side--) {
            int pixel = pixel(side, place % places[side], inFilter % filter[side]);
            if (pixel < 0 || pixel >= size[side]) {
                return -1;
            }
            seen += pixel * pixels;
            pixels *= size[side];
            place /= places[side];
            inFilter /= filter[side];
        }
        return seen;
    }
}
