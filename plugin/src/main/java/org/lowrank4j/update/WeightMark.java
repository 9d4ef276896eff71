package org.lowrank4j.update;

import java.lang.ref.Reference;
import java.util.zip.CRC32C;
import org.lowrank4j.blas.NativeMemory;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Tells whether somebody else has written to a weight since its update left it, by a checksum of its bits: a program may
 * write through any view that it has been given, and no call says so. One pass over the memory, and no copy of it.
 */
final class WeightMark {

    private static final long NONE = -1;

    /** Bytes that are looked at together. */
    private static final long WINDOW = 1L << 30;

    private final INDArray weight;
    private final INDArray checksum = Nd4j.create(DataType.LONG, 1);

    /** @param weight W, a FLOAT or DOUBLE view in one piece */
    WeightMark(INDArray weight) {
        this.weight = weight;
        checksum.data().put(0, NONE);
    }

    /** W is now as its update leaves it. */
    void set() {
        checksum.data().put(0, checksum());
    }

    /** Whether W is another than when the mark was set; false if it never was. */
    boolean written() {
        long left = checksum.data().getLong(0);
        return left != NONE && left != checksum();
    }

    /** To be saved with the update's state; the weight may change before it is restored, and that is seen then. */
    INDArray state() {
        return checksum;
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
