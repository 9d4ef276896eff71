package org.lowrank4j.file;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The element types that adapter files use. Entries are copied bit by bit, so NaN payloads and both zeros survive. */
enum SafetensorsType {
    F64(DataType.DOUBLE, 8),
    F32(DataType.FLOAT, 4),
    I64(DataType.LONG, 8),
    I32(DataType.INT, 4),
    F16(DataType.HALF, 2),
    BF16(DataType.BFLOAT16, 2),
    U8(DataType.UBYTE, 1),
    BOOL(DataType.BOOL, 1);

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
        if (begin < end) {
            EntryBytes.write(
                    array,
                    ByteOrder.LITTLE_ENDIAN,
                    (position, bytes, count) -> content.read(begin + position, ByteBuffer.wrap(bytes, 0, count)));
        }
        return array;
    }

    /** Writes the entries in row-major order. */
    void write(INDArray array, OutputStream out) throws IOException {
        EntryBytes.read(array, 'c', ByteOrder.LITTLE_ENDIAN, out::write);
    }

    /** Number of entries: ND4J counts one in some arrays that have none. */
    static long length(INDArray array) {
        return array.isEmpty() ? 0 : array.length();
    }
}
