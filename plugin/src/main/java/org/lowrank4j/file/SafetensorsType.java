package org.lowrank4j.file;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.lowrank4j.LowRankException;
import org.lowrank4j.blas.NativeMemory;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The element types that adapter files use. Entries are copied bit by bit, so NaN payloads and both zeros survive. */
enum SafetensorsType {
    F64(DataType.DOUBLE, 8) {
        @Override
        void copy(ByteBuffer from, ByteBuffer to) {
            to.asDoubleBuffer().put(from.asDoubleBuffer());
        }
    },
    F32(DataType.FLOAT, 4) {
        @Override
        void copy(ByteBuffer from, ByteBuffer to) {
            to.asFloatBuffer().put(from.asFloatBuffer());
        }
    },
    I64(DataType.LONG, 8) {
        @Override
        void copy(ByteBuffer from, ByteBuffer to) {
            to.asLongBuffer().put(from.asLongBuffer());
        }
    },
    I32(DataType.INT, 4) {
        @Override
        void copy(ByteBuffer from, ByteBuffer to) {
            to.asIntBuffer().put(from.asIntBuffer());
        }
    },
    F16(DataType.HALF, 2) {
        @Override
        void copy(ByteBuffer from, ByteBuffer to) {
            to.asShortBuffer().put(from.asShortBuffer());
        }
    },
    BF16(DataType.BFLOAT16, 2) {
        @Override
        void copy(ByteBuffer from, ByteBuffer to) {
            to.asShortBuffer().put(from.asShortBuffer());
        }
    },
    U8(DataType.UBYTE, 1) {
        @Override
        void copy(ByteBuffer from, ByteBuffer to) {
            to.duplicate().put(from.duplicate());
        }
    },
    BOOL(DataType.BOOL, 1) {
        @Override
        void copy(ByteBuffer from, ByteBuffer to) {
            to.duplicate().put(from.duplicate());
        }
    };

    private static final int CHUNK_BYTES = 1 << 16;

    private final DataType dataType;
    private final int bytes;

    SafetensorsType(DataType dataType, int bytes) {
        this.dataType = dataType;
        this.bytes = bytes;
    }

    /** Where bytes come from. */
    @FunctionalInterface
    interface Content {
        /** Fills the buffer with the bytes from a position on. */
        void read(long position, ByteBuffer into) throws IOException;
    }

    /** Bytes of one entry. */
    int bytes() {
        return bytes;
    }

    /** The type of an array that is to be written. */
    static SafetensorsType of(DataType dataType, String tensor) {
        return Arrays.stream(values())
                .filter(type -> type.dataType == dataType)
                .findFirst()
                .orElseThrow(() -> new LowRankException("Tensor \"" + tensor + "\" has the type " + dataType
                        + ", which cannot be written; convert it to one of "
                        + Arrays.stream(values())
                                .map(type -> type.dataType.name())
                                .collect(Collectors.joining(", "))
                        + "."));
    }

    /**
     * An array of its own with the bytes from begin to end (exclusive) as entries.
     *
     * @param end checked against the shape and the length of the content
     */
    INDArray read(Content content, long begin, long end, long[] shape) throws IOException {
        INDArray array = Nd4j.create(dataType, shape, 'c');
        if (begin == end) {
            return array;
        }
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, end - begin));
        for (long at = begin; at < end; at += chunk.limit()) {
            chunk.clear().limit((int) Math.min(CHUNK_BYTES, end - at));
            content.read(at, chunk);
            ByteBuffer part = NativeMemory.window(array, at - begin, chunk.limit());
            copy(chunk.flip().order(ByteOrder.LITTLE_ENDIAN), part);
        }
        Reference.reachabilityFence(array);
        return array;
    }

    /** Writes the entries in row-major order. */
    void write(INDArray array, OutputStream out) throws IOException {
        if (length(array) == 0) {
            return;
        }
        INDArray rowMajor = array.dup('c');
        long end = length(array) * bytes;
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, end)).order(ByteOrder.LITTLE_ENDIAN);
        for (long at = 0; at < end; at += CHUNK_BYTES) {
            int count = (int) Math.min(CHUNK_BYTES, end - at);
            copy(NativeMemory.window(rowMajor, at, count), chunk);
            out.write(chunk.array(), 0, count);
        }
        Reference.reachabilityFence(rowMajor);
    }

    /** Number of entries: ND4J counts one in some arrays that have none. */
    static long length(INDArray array) {
        return array.isEmpty() ? 0 : array.length();
    }

    /** Copies entries between two byte orders. */
    abstract void copy(ByteBuffer from, ByteBuffer to);
}
