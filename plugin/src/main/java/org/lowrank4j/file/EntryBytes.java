package org.lowrank4j.file;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.lowrank4j.blas.NativeMemory;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The entries of arrays as bytes of either order, piece by piece and bit by bit, so NaN payloads and both zeros survive.
 */
public final class EntryBytes {

    private static final int PIECE_BYTES = 1 << 16;

    private EntryBytes() {}

    /** Takes the next bytes of an array. */
    @FunctionalInterface
    public interface Sink<E extends Exception> {
        /** What is in the array does not last. */
        void take(byte[] bytes, int offset, int count) throws E;
    }

    /** Gives the next bytes of an array. */
    @FunctionalInterface
    public interface Source<E extends Exception> {
        /** Fills the first {@code count} bytes of the array with those from a position on. */
        void give(long position, byte[] bytes, int count) throws E;
    }

    /**
     * Reads all entries, the last index fastest for the order 'c' and the first for 'f'.
     *
     * @param order of the entries
     * @param bytes within an entry
     */
    public static <E extends Exception> void read(INDArray array, char order, ByteOrder bytes, Sink<E> sink) throws E {
        if (array.isEmpty()) {
            return;
        }
        INDArray inOrder = isDense(array, order) ? array : array.dup(order);
        int width = array.dataType().width();
        ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES).order(bytes);
        long end = array.length() * width;
        for (long at = 0; at < end; at += PIECE_BYTES) {
            int count = (int) Math.min(PIECE_BYTES, end - at);
            copy(NativeMemory.window(inOrder, at, count), piece, width);
            sink.take(piece.array(), 0, count);
        }
        Reference.reachabilityFence(inOrder);
    }

    /** Writes all entries of an array that is dense in its own order. */
    public static <E extends Exception> void write(INDArray array, ByteOrder bytes, Source<E> source) throws E {
        if (array.isEmpty()) {
            return;
        }
        int width = array.dataType().width();
        ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES).order(bytes);
        long end = array.length() * width;
        for (long at = 0; at < end; at += PIECE_BYTES) {
            int count = (int) Math.min(PIECE_BYTES, end - at);
            source.give(at, piece.array(), count);
            copy(piece.slice(0, count).order(bytes), NativeMemory.window(array, at, count), width);
        }
        Reference.reachabilityFence(array);
    }

    /** Whether the entries lie in memory one after the other in an order. */
    private static boolean isDense(INDArray array, char order) {
        long expected = 1;
        int rank = array.rank();
        for (int i = 0; i < rank; i++) {
            int dimension = order == 'c' ? rank - 1 - i : i;
            if (array.size(dimension) != 1) {
                if (array.stride(dimension) != expected) {
                    return false;
                }
                expected *= array.size(dimension);
            }
        }
        return true;
    }

    /** Copies entries between two byte orders. */
    private static void copy(ByteBuffer from, ByteBuffer to, int width) {
        switch (width) {
            case Long.BYTES -> to.asLongBuffer().put(from.asLongBuffer());
            case Integer.BYTES -> to.asIntBuffer().put(from.asIntBuffer());
            case Short.BYTES -> to.asShortBuffer().put(from.asShortBuffer());
            default -> to.duplicate().put(from);
        }
    }
}
