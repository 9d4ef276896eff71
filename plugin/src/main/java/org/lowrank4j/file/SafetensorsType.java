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

/** The element types that adapter files use. */
enum SafetensorsType {
    F64(DataType.DOUBLE, 8) {
        @Override
        INDArray array(ByteBuffer data, long[] shape) {
            double[] values = new double[data.remaining() / 8];
            data.asDoubleBuffer().get(values);
            return Nd4j.create(values, shape, 'c');
        }

        @Override
        void put(INDArray flat, long index, ByteBuffer out) {
            out.putDouble(flat.data().getDouble(index));
        }
    },
    F32(DataType.FLOAT, 4) {
        @Override
        INDArray array(ByteBuffer data, long[] shape) {
            float[] values = new float[data.remaining() / 4];
            data.asFloatBuffer().get(values);
            return Nd4j.create(values, shape, 'c');
        }

        @Override
        void put(INDArray flat, long index, ByteBuffer out) {
            out.putFloat(flat.data().getFloat(index));
        }
    },
    I64(DataType.LONG, 8) {
        @Override
        INDArray array(ByteBuffer data, long[] shape) {
            INDArray array = Nd4j.create(dataType(), shape, 'c');
            for (long i = 0; data.hasRemaining(); i++) {
                array.data().put(i, data.getLong());
            }
            return array;
        }

        @Override
        void put(INDArray flat, long index, ByteBuffer out) {
            out.putLong(flat.data().getLong(index));
        }
    },
    I32(DataType.INT, 4) {
        @Override
        INDArray array(ByteBuffer data, long[] shape) {
            INDArray array = Nd4j.create(dataType(), shape, 'c');
            for (long i = 0; data.hasRemaining(); i++) {
                array.data().put(i, data.getInt());
            }
            return array;
        }

        @Override
        void put(INDArray flat, long index, ByteBuffer out) {
            out.putInt(flat.data().getInt(index));
        }
    };

    private static final int CHUNK = 8192;

    private final DataType dataType;
    private final int bytes;

    SafetensorsType(DataType dataType, int bytes) {
        this.dataType = dataType;
        this.bytes = bytes;
    }

    /** Bytes of one entry. */
    int bytes() {
        return bytes;
    }

    DataType dataType() {
        return dataType;
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

    /** An array of its own with all remaining bytes as entries. */
    INDArray read(ByteBuffer data, long[] shape) {
        return data.hasRemaining() ? array(data, shape) : Nd4j.create(dataType, shape, 'c');
    }

    /** Writes the entries in row-major order. */
    void write(INDArray array, OutputStream out) throws IOException {
        long length = length(array);
        if (length == 0) {
            return;
        }
        INDArray rowMajor = array.dup('c');
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK * bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (long i = 0; i < length; i++) {
            put(rowMajor, i, chunk);
            if (!chunk.hasRemaining() || i == length - 1) {
                out.write(chunk.array(), 0, chunk.position());
                chunk.clear();
            }
        }
    }

    /** Number of entries: ND4J counts one in some arrays that have none. */
    static long length(INDArray array) {
        return array.isEmpty() ? 0 : array.length();
    }

    abstract INDArray array(ByteBuffer data, long[] shape);

    abstract void put(INDArray flat, long index, ByteBuffer out);
}
