package org.lowrank4j.blas;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The memory of arrays as Java buffers. One buffer reaches 2 GiB at most, and one of a longer array would silently end
 * there, so a buffer is always a window of stated length.
 */
public final class NativeMemory {

    /** In bytes; to call for less takes longer than ND4J does. */
    private static final int SHORTEST_PIECE = 256;

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

    /** Whether the entries lie in memory in the order of their indices, without gaps. */
    public static boolean followOneAnother(INDArray array) {
        long expected = 1;
        for (int i = array.rank() - 1; i >= 0; i--) {
            if (array.size(i) != 1 && array.stride(i) != expected) {
                return false;
            }
            expected *= array.size(i);
        }
        return true;
    }

    /**
     * Copies an array entry by entry, in whole pieces where its last dimensions lie in memory as they do in the copy.
     * ND4J goes from entry to entry.
     *
     * @param to of the same shape and type, in 'c' order
     */
    public static void copy(INDArray from, INDArray to) {
        int outer = from.rank();
        long piece = 1;
        while (outer > 0 && (from.size(outer - 1) == 1 || from.stride(outer - 1) == piece)) {
            piece *= from.size(--outer);
        }
        long bytes = piece * from.dataType().width();
        if (bytes < SHORTEST_PIECE) {
            to.assign(from);
            return;
        }
        BytePointer source = new BytePointer(from.data().addressPointer());
        BytePointer target = new BytePointer(to.data().addressPointer());
        long[] index = new long[outer];
        for (long at = 0; at < to.length(); at += piece) {
            long place = 0;
            for (int i = 0; i < outer; i++) {
                place += index[i] * from.stride(i);
            }
            source.position(place * from.dataType().width());
            target.position(at * from.dataType().width());
            Pointer.memcpy(target, source, bytes);
            for (int i = outer - 1; i >= 0 && ++index[i] == from.size(i); i--) {
                index[i] = 0;
            }
        }
        Reference.reachabilityFence(from);
        Reference.reachabilityFence(to);
    }
}
