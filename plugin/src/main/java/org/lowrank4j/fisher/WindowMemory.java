package org.lowrank4j.fisher;

import java.util.Locale;
import java.util.function.LongSupplier;
import org.bytedeco.javacpp.Pointer;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;

/** The memory of a {@link GradientWindow}, stated and compared with what there is before any of it is taken. */
public final class WindowMemory {

    private WindowMemory() {}

    /**
     * Bytes of a window: m d entries of gradients, and m^2 doubles of their inner products, off the heap. On the heap
     * another m^2 doubles of the triangular factor.
     *
     * @param type of the gradients
     * @return at most Long.MAX_VALUE, which no machine has
     */
    public static long bytes(int gradients, long entries, DataType type) {
        double roughly = (double) gradients * entries * type.width() + (double) gradients * gradients * Double.BYTES;
        return roughly >= Long.MAX_VALUE
                ? Long.MAX_VALUE
                : gradients * entries * type.width() + (long) gradients * gradients * Double.BYTES;
    }

    /** What ND4J may still allocate: its own limit, or the machine's memory if that is less. */
    public static long available() {
        long limit = Pointer.maxBytes() <= 0 ? Long.MAX_VALUE : Pointer.maxBytes() - Pointer.totalBytes();
        return Math.min(limit, Pointer.availablePhysicalBytes());
    }

    /**
     * The bytes of a window that fits.
     *
     * @param available how many there are
     * @throws LowRankException if there are not enough, with both numbers and the largest window that fits
     */
    static long require(int gradients, long entries, DataType type, LongSupplier available) {
        long needed = bytes(gradients, entries, type);
        long there = available.getAsLong();
        if (needed > there) {
            throw new LowRankException(String.format(
                    Locale.ROOT,
                    "A window of %,d gradients of %,d parameters takes %,d bytes (%s entries), and %,d bytes are available"
                            + " outside the heap. %s. Raise -Dorg.bytedeco.javacpp.maxbytes if the machine has more.",
                    gradients,
                    entries,
                    needed,
                    type.name().toLowerCase(Locale.ROOT),
                    there,
                    advice(entries, type, there)));
        }
        return needed;
    }

    private static String advice(long entries, DataType type, long available) {
        // The larger root of 8 m^2 + d width m = available.
        double linear = (double) entries * type.width();
        double root = Math.sqrt(linear * linear + 4.0 * Double.BYTES * available);
        int fits = (int) ((root - linear) / (2 * Double.BYTES));
        return fits > 0
                ? "A window of " + fits + " would fit; or train fewer parameters"
                : "Not even one gradient fits; train fewer parameters";
    }
}
