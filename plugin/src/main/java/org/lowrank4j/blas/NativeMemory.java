package org.lowrank4j.blas;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The memory of arrays as Java buffers. One buffer reaches 2 GiB at most, and one of a longer array would silently end
 * there, so a buffer is always a window of stated length.
 */
public final class NativeMemory {

    private NativeMemory() {}

    /**
     * Some bytes of an array, to be used while the array is held.
     *
     * @param array whose entries follow one another
     * @param from the first byte, counted from the array's first entry
     * @param bytes how many, within the array
     * @return in the order of the machine, from position 0 to its limit
     */
    public static ByteBuffer window(INDArray array, long from, int bytes) {
        Objects.checkFromIndexSize(
                from, (long) bytes, array.length() * array.dataType().width());
        // A pointer of its own at the first byte: from a position, JavaCPP's buffers reach no further than from the
        // start.
        BytePointer first = new BytePointer(array.data().addressPointer()).getPointer(from);
        return first.limit(bytes).asByteBuffer().order(ByteOrder.nativeOrder());
    }

    /**
     * A matrix from the first entry of an array on, whatever the array's shape says.
     *
     * @param order of the memory: 'f' where a column lies in one piece, 'c' where a row does
     */
    public static INDArray matrix(INDArray array, long rows, long columns, char order) {
        long[] strides = order == 'f' ? new long[] {1, rows} : new long[] {columns, 1};
        return Nd4j.create(array.data(), new long[] {rows, columns}, strides, array.offset(), order, array.dataType());
    }
}
