package org.lowrank4j.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class EntryBytesTest {

    private static byte[] read(INDArray array, char order, ByteOrder bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        EntryBytes.read(array, order, bytes, out::write);
        return out.toByteArray();
    }

    /** Entry by entry, as anybody would. */
    private static byte[] expected(INDArray matrix, char order, ByteOrder bytes) {
        ByteBuffer buffer =
                ByteBuffer.allocate((int) matrix.length() * Float.BYTES).order(bytes);
        long outer = matrix.size(order == 'c' ? 0 : 1);
        long inner = matrix.size(order == 'c' ? 1 : 0);
        for (long i = 0; i < outer; i++) {
            for (long j = 0; j < inner; j++) {
                buffer.putFloat(order == 'c' ? matrix.getFloat(i, j) : matrix.getFloat(j, i));
            }
        }
        return buffer.array();
    }

    /** 150 x 200 floats are two pieces. */
    @ParameterizedTest
    @CsvSource({"c, c", "c, f", "f, c", "f, f"})
    void entriesOfMatricesAndOfPartsOfThem(char held, char asked) {
        INDArray whole = Nd4j.rand(DataType.FLOAT, 300, 400).dup(held);
        INDArray part = whole.get(NDArrayIndex.interval(100, 250), NDArrayIndex.interval(7, 207));
        INDArray every = whole.get(NDArrayIndex.interval(1, 2, 300), NDArrayIndex.all());
        INDArray column = whole.get(NDArrayIndex.all(), NDArrayIndex.interval(3, 4));
        for (INDArray matrix : new INDArray[] {whole, part, every, column, whole.transpose()}) {
            for (ByteOrder bytes : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
                assertArrayEquals(expected(matrix, asked, bytes), read(matrix, asked, bytes));
            }
        }
    }

    @Test
    void everyWidth() {
        INDArray bytes = Nd4j.createFromArray(1, 2, 255).castTo(DataType.UINT8);
        assertArrayEquals(new byte[] {1, 2, -1}, read(bytes, 'c', ByteOrder.BIG_ENDIAN));
        INDArray halves = Nd4j.createFromArray(1f, -2f).castTo(DataType.FLOAT16);
        assertArrayEquals(new byte[] {0x3c, 0, (byte) 0xc0, 0}, read(halves, 'c', ByteOrder.BIG_ENDIAN));
        INDArray longs = Nd4j.createFromArray(1L << 56);
        assertArrayEquals(new byte[] {1, 0, 0, 0, 0, 0, 0, 0}, read(longs, 'c', ByteOrder.BIG_ENDIAN));
    }

    @Test
    void whatIsWrittenIsRead() {
        INDArray copy = Nd4j.create(DataType.DOUBLE, 30_000);
        byte[] bytes = new byte[240_000];
        new Random(1).nextBytes(bytes);
        EntryBytes.write(
                copy, ByteOrder.BIG_ENDIAN, (at, piece, count) -> System.arraycopy(bytes, (int) at, piece, 0, count));
        assertArrayEquals(bytes, read(copy, 'c', ByteOrder.BIG_ENDIAN));
    }

    @Test
    void nothingIsNothing() {
        EntryBytes.read(Nd4j.create(DataType.FLOAT, 0, 3), 'c', ByteOrder.BIG_ENDIAN, (piece, at, count) -> fail());
        EntryBytes.write(Nd4j.empty(DataType.FLOAT), ByteOrder.BIG_ENDIAN, (at, piece, count) -> fail());
    }

    /** By another implementation of CRC-32C: zips that were written once must stay readable. */
    @ParameterizedTest
    @CsvSource({"FLOAT, 1aa6d2fa", "DOUBLE, 9421c4b2"})
    void theChecksumOfWeightsIsThatOfBigEndianNumbers(DataType type, String checksum) throws IOException {
        INDArray parameters = Nd4j.createFromArray(1.0, -2.5, 0.0, -0.0, Double.POSITIVE_INFINITY, 3.0e-39)
                .castTo(type)
                .reshape(1, 6);
        ByteArrayOutputStream entry = new ByteArrayOutputStream();
        AdapterEntry.write(entry, new TrainingState(Map.of(), Map.of(), Map.of(), false), parameters);
        assertEquals(checksum, Safetensors.read(entry.toByteArray()).metadata().get("lowrank4j.weights-crc32c"));
    }
}
