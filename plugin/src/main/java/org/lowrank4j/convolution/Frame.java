package org.lowrank4j.convolution;

/**
 * How a filter goes over a picture; lengths in pixels, height first.
 *
 * @param padding above and to the left
 * @param places height and width of what comes out
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
        /** (channel, y, x). */
        CHANNELS_FIRST,
        /** (y, x, channel). */
        CHANNELS_LAST
    }

    /** One with the channels first in a patch. */
    public Frame(int channels, int[] size, int[] filter, int[] stride, int[] padding, int[] dilation, int[] places) {
        this(channels, size, filter, stride, padding, dilation, places, Order.CHANNELS_FIRST);
    }

    /** Which number of a patch it is. */
    int inPatch(int channel, int y, int x) {
        return order == Order.CHANNELS_FIRST
                ? (channel * filter[0] + y) * filter[1] + x
                : (y * filter[1] + x) * channels + channel;
    }

    /** Numbers in a patch. */
    public long patch() {
        return (long) channels * filter[0] * filter[1];
    }

    public int places(int example) {
        return example * places[0] * places[1];
    }

    int pixels() {
        return size[0] * size[1];
    }

    /** Whether the patches are the pictures themselves. */
    public boolean seesPixels() {
        return filter[0] == 1
                && filter[1] == 1
                && stride[0] == 1
                && stride[1] == 1
                && places[0] == size[0]
                && places[1] == size[1]
                && padding[0] == 0
                && padding[1] == 0;
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
}
