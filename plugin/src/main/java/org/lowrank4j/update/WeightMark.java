package org.lowrank4j.update;

import java.lang.ref.Reference;
import java.util.zip.CRC32C;
import org.lowrank4j.blas.NativeMemory;
import org.lowrank4j.method.Kept;
import org.lowrank4j.method.KeptNumber;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Tells whether somebody else has written to a weight since its update left it, by a checksum of its bits: a program may
 * write through any view that it has been given, and no call says so. One pass over the memory, and no copy of it.
 */
final class WeightMark {

    private static final long NONE = -1;

    /** Bytes that are looked at together. */
    private static final long WINDOW = 1L << 30;

    private final INDArray weight;
    private final KeptNumber left;

    /**
     * @param weight W, a FLOAT or DOUBLE view in one piece
     * @param name of the mark in the saved state; the weight may change before it is restored, and that is seen then
     */
    WeightMark(INDArray weight, Kept kept, String name) {
        this.weight = weight;
        left = kept.number(name, NONE);
    }

    /** W is now as its update leaves it. */
    void set() {
        left.set(checksum());
    }

    /** Whether W is another than when the mark was set; false if it never was. */
    boolean written() {
        return left.get() != NONE && left.get() != checksum();
    }

    private long checksum() {
        CRC32C crc = new CRC32C();
        long bytes = weight.length() * weight.dataType().width();
        for (long done = 0; done < bytes; done += WINDOW) {
            crc.update(NativeMemory.window(weight, done, (int) Math.min(WINDOW, bytes - done)));
        }
        Reference.reachabilityFence(weight);
        return crc.getValue();
    }
}
