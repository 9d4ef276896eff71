package org.lowrank4j.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

class SafetensorsTest {

    @Test
    void aFileMadeByHand() {
        ByteBuffer data = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        data.putFloat(1).putFloat(-2).putFloat(3).putFloat(4.5f).putFloat(5).putFloat(6);
        Tensors read = Safetensors.read(file(
                "{\"__metadata__\":{\"format\":\"pt\"},"
                        + "\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}",
                data.array()));
        assertEquals(Map.of("format", "pt"), read.metadata());
        assertEquals(Nd4j.createFromArray(new float[][] {{1, -2, 3}, {4.5f, 5, 6}}), read.tensor("a"));
    }

    @Test
    void theBytesThatAreWritten() throws IOException {
        INDArray columnMajor =
                Nd4j.createFromArray(new float[][] {{1, 2}, {3, 4}}).dup('f');
        byte[] written = written(new Tensors(Map.of("w", columnMajor), Map.of("k", "v")));

        String json =
                "{\"__metadata__\":{\"k\":\"v\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,16]}}";
        ByteBuffer expected = ByteBuffer.allocate(8 + 88 + 16).order(ByteOrder.LITTLE_ENDIAN);
        assertTrue(json.length() <= 88 && json.length() > 80);
        expected.putLong(88).put(json.getBytes(StandardCharsets.UTF_8));
        while (expected.position() < 96) {
            expected.put((byte) ' ');
        }
        expected.putFloat(1).putFloat(2).putFloat(3).putFloat(4);
        assertArrayEquals(expected.array(), written);
    }

    @Test
    void everythingComesBack() throws IOException {
        INDArray wide = Nd4j.rand(DataType.DOUBLE, 50, 400);
        Tensors tensors = new Tensors(
                Map.of(
                        "view",
                                Nd4j.rand(DataType.FLOAT, 6, 8)
                                        .get(NDArrayIndex.interval(1, 4), NDArrayIndex.interval(2, 7)),
                        "transposed", wide.transpose(),
                        "ints", Nd4j.createFromArray(Integer.MIN_VALUE, 0, 7),
                        "longs", Nd4j.createFromArray(Long.MIN_VALUE, -1L, (1L << 53) + 1, Long.MAX_VALUE),
                        "scalar", Nd4j.scalar(DataType.DOUBLE, Math.PI),
                        "not a number", Nd4j.createFromArray(Float.NaN, Float.NEGATIVE_INFINITY, -0f)),
                Map.of("quoted \"key\"", "line\nbreak", "ünïcode", "日本"));
        Tensors read = Safetensors.read(new ByteArrayInputStream(written(tensors)));
        assertEquals(tensors.metadata(), read.metadata());
        assertEquals(tensors.tensors().keySet(), read.tensors().keySet());
        for (String name : tensors.tensors().keySet()) {
            INDArray expected = tensors.tensor(name).dup('c');
            INDArray actual = read.tensor(name);
            assertEquals(expected.dataType(), actual.dataType(), name);
            assertArrayEquals(expected.shape(), actual.shape(), name);
            for (long i = 0; i < expected.length(); i++) {
                if (expected.dataType() == DataType.LONG || expected.dataType() == DataType.INT) {
                    assertEquals(expected.getLong(i), actual.getLong(i), name);
                } else {
                    assertEquals(
                            Double.doubleToRawLongBits(expected.getDouble(i)),
                            Double.doubleToRawLongBits(actual.getDouble(i)),
                            name);
                }
            }
        }
    }

    @Test
    void sixteenBitsAndBytesMadeByHand() throws IOException {
        // 1.5, -2, the smallest subnormal; 1.5, -2, infinity; 0, 255; false, true
        byte[] data = {
            0x00,
            0x3E,
            0x00,
            (byte) 0xC0,
            0x01,
            0x00,
            (byte) 0xC0,
            0x3F,
            0x00,
            (byte) 0xC0,
            (byte) 0x80,
            0x7F,
            0,
            (byte) 0xFF,
            0,
            1
        };
        byte[] file = file(
                "{\"h\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[0,6]},"
                        + "\"b\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[6,12]},"
                        + "\"u\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[12,14]},"
                        + "\"z\":{\"dtype\":\"BOOL\",\"shape\":[2],\"data_offsets\":[14,16]}}",
                data);
        Tensors read = Safetensors.read(file);
        assertEquals(DataType.HALF, read.tensor("h").dataType());
        assertEquals(DataType.BFLOAT16, read.tensor("b").dataType());
        assertArrayEquals(
                new float[] {1.5f, -2, 0x1p-24f},
                read.tensor("h").castTo(DataType.FLOAT).toFloatVector());
        assertArrayEquals(
                new float[] {1.5f, -2, Float.POSITIVE_INFINITY},
                read.tensor("b").castTo(DataType.FLOAT).toFloatVector());
        assertEquals(255, read.tensor("u").getInt(1));
        assertEquals(1, read.tensor("z").getInt(1));
        byte[] again = written(read);
        byte[] tail = Arrays.copyOfRange(again, again.length - data.length, again.length);
        // Written by width, then by name: BF16 and F16, then U8 and BOOL.
        assertArrayEquals(Arrays.copyOfRange(data, 6, 12), Arrays.copyOfRange(tail, 0, 6));
        assertArrayEquals(Arrays.copyOfRange(data, 0, 6), Arrays.copyOfRange(tail, 6, 12));
        assertArrayEquals(Arrays.copyOfRange(data, 12, 16), Arrays.copyOfRange(tail, 12, 16));
    }

    @Test
    void aFileIsReadAsItsBytesAre(@TempDir Path directory) throws IOException {
        Tensors tensors = new Tensors(
                Map.of("long", Nd4j.rand(DataType.FLOAT, 311, 157), "empty", Nd4j.create(DataType.FLOAT, 0, 3)),
                Map.of("k", "v"));
        Path path = directory.resolve("x.safetensors");
        byte[] bytes = written(tensors);
        Files.write(path, bytes);
        Tensors read = Safetensors.read(path);
        assertEquals(tensors.metadata(), read.metadata());
        assertArrayEquals(bytes, written(read));

        Files.write(path, Arrays.copyOf(bytes, bytes.length - 1));
        LowRankException cut = assertThrows(LowRankException.class, () -> Safetensors.read(path));
        assertTrue(cut.getMessage().startsWith(path + ": "), cut.getMessage());
    }

    @Test
    void wideTypesComeFirstSoThatAllAreAligned() throws IOException {
        Tensors tensors = new Tensors(
                Map.of(
                        "a", Nd4j.createFromArray(1f),
                        "b", Nd4j.createFromArray(2.0),
                        "c", Nd4j.createFromArray(3),
                        "d", Nd4j.createFromArray(4L)),
                Map.of());
        String header = new String(written(tensors), StandardCharsets.UTF_8);
        assertTrue(header.indexOf("\"b\"") < header.indexOf("\"d\""));
        assertTrue(header.indexOf("\"d\"") < header.indexOf("\"a\""));
        assertTrue(header.indexOf("\"a\"") < header.indexOf("\"c\""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"2,0", "0", "0,3,2"})
    void tensorsWithoutEntries(String shape) throws IOException {
        byte[] file = file("{\"e\":{\"dtype\":\"F32\",\"shape\":[" + shape + "],\"data_offsets\":[0,0]}}", new byte[0]);
        Tensors read = Safetensors.read(file);
        long[] expected =
                Arrays.stream(shape.split(",")).mapToLong(Long::parseLong).toArray();
        assertArrayEquals(expected, read.tensor("e").shape());
        assertArrayEquals(expected, Safetensors.read(written(read)).tensor("e").shape());
    }

    @Test
    void aFileOfNothing() throws IOException {
        assertTrue(Safetensors.read(file("{}", new byte[0])).tensors().isEmpty());
        assertTrue(Safetensors.read(written(new Tensors(Map.of(), Map.of())))
                .tensors()
                .isEmpty());
    }

    @Test
    void aHeaderMayBePaddedWithSpaces() {
        Tensors read = Safetensors.read(
                file(" {\"t\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[0,4]}}  \n", new byte[] {5, 0, 0, 0}));
        assertEquals(5, read.tensor("t").getInt(0));
        assertEquals(0, read.tensor("t").rank());
    }

    @Test
    void tensorsMayStandInAnyOrderInTheHeader() {
        Tensors read = Safetensors.read(file(
                "{\"second\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[4,8]},"
                        + "\"first\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                new byte[] {1, 0, 0, 0, 2, 0, 0, 0}));
        assertEquals(1, read.tensor("first").getInt(0));
        assertEquals(2, read.tensor("second").getInt(0));
    }

    @Test
    void aMissingTensorIsNamedWithThoseThatAreThere() {
        Tensors tensors = new Tensors(Map.of("w", Nd4j.createFromArray(1f)), Map.of());
        LowRankException missing = assertThrows(LowRankException.class, () -> tensors.tensor("v"));
        assertEquals("There is no tensor \"v\"; there are w.", missing.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "not a JSON object           | [1]",
                "not valid JSON              | {",
                "not valid JSON              | {} x",
                "Duplicate field             | {\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                "exactly dtype, shape        | {\"t\":3}",
                "dtype is not text           | {\"t\":{\"dtype\":7,\"shape\":[2],\"data_offsets\":[0,8]}}",
                "dtype is not text           | {\"t\":{\"dtype\":[0,504]}}",
                "dtype is not text           | {\"t\":{\"dtype\":{\"dtype\":\"F32\"},\"shape\":[2],\"data_offsets\":[0,8]}}",
                "exactly dtype, shape        | {\"t\":{\"dtype\":\"F32\",\"shape\":[2]}}",
                "exactly dtype, shape        | {\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"more\":1}}",
                "exactly dtype, shape        | {\"t\":{\"dtype\":\"F32\",\"more\":{\"a\":[1]},\"shape\":[2],\"data_offsets\":[0,8]}}",
                "Duplicate field             | {\"t\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                "only BF16, BOOL, F16, F32, F64, I32, I64, U8 can be read | {\"t\":{\"dtype\":\"F8_E4M3\",\"shape\":[8],\"data_offsets\":[0,8]}}",
                "more than 32 entries        | {\"t\":{\"dtype\":\"F64\",\"shape\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,8]}}",
                "more than 2 entries         | {\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4,8]}}",
                "whole numbers               | {\"t\":{\"dtype\":\"F32\",\"shape\":[[2]],\"data_offsets\":[0,8]}}",
                "span 8 bytes                | {\"t\":{\"dtype\":\"F16\",\"shape\":[8],\"data_offsets\":[0,8]}}",
                "shape is not a list         | {\"t\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}",
                "whole numbers               | {\"t\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
                "whole numbers               | {\"t\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}",
                "whole numbers               | {\"t\":{\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]}}",
                "whole numbers               | {\"t\":{\"dtype\":\"F32\",\"shape\":[2,18446744073709551614],\"data_offsets\":[0,8]}}",
                "too large                   | {\"t\":{\"dtype\":\"F32\",\"shape\":[2,9223372036854775807],\"data_offsets\":[0,8]}}",
                "too large                   | {\"t\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}}",
                "must be [begin, end]        | {\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}",
                "must be [begin, end]        | {\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8]}}",
                "span 4 bytes                | {\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}",
                "span 8 bytes                | {\"t\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},\"u\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[0,8]}}",
                "overlap nor leave holes     | {\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                "overlap nor leave holes     | {\"t\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]},\"u\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}",
                "cut off                     | {\"t\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}",
                "cut off                     | {\"t\":{\"dtype\":\"F32\",\"shape\":[1000000000000],\"data_offsets\":[0,4000000000000]}}",
                "follow the last tensor      | {\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                "follow the last tensor      | {}",
                "__metadata__ is not         | {\"__metadata__\":\"text\"}",
                "\"k\" of __metadata__       | {\"__metadata__\":{\"k\":1}}",
            })
    void headersThatAreRefused(String reason, String header) {
        LowRankException refused =
                assertThrows(LowRankException.class, () -> Safetensors.read(file(header, new byte[8])));
        assertTrue(refused.getMessage().contains(reason.strip()), refused.getMessage());
    }

    @Test
    void headerLengthsThatAreRefused() {
        assertRefused("must start with 8 bytes", new byte[0]);
        assertRefused("must start with 8 bytes", new byte[7]);
        assertRefused("only 0 follow", new byte[] {1, 0, 0, 0, 0, 0, 0, 0});
        assertRefused("at most 100000000", new byte[] {1, 0, 0, 0, 0, 0, 0, (byte) 0x80, '{', '}'});
        assertRefused("at most 100000000", new byte[] {0, 0, 0, (byte) 0x40, 0, 0, 0, 0, '{', '}'});
        assertRefused("not UTF-8", new byte[] {1, 0, 0, 0, 0, 0, 0, 0, (byte) 0xFF});
        assertRefused("not valid JSON", new byte[] {3, 0, 0, 0, 0, 0, 0, 0, '{', '}', 0});
        assertRefused("not a JSON object", new byte[8]);
    }

    @Test
    void aDeeplyNestedHeaderIsRefused() {
        assertThrows(LowRankException.class, () -> Safetensors.read(file("[".repeat(100_000), new byte[0])));
        assertThrows(LowRankException.class, () -> Safetensors.read(file("{\"a\":".repeat(100_000), new byte[0])));
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        byte[] whole = sample();
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThrows(LowRankException.class, () -> Safetensors.read(cut), "cut to " + length + " bytes");
        }
        assertThrows(LowRankException.class, () -> Safetensors.read(Arrays.copyOf(whole, whole.length + 1)));
    }

    @Test
    void aDamagedFileIsReadOrRefusedAndNothingElse() throws IOException {
        byte[] whole = sample();
        Random random = new Random(5);
        int refused = 0;
        for (int i = 0; i < 5000; i++) {
            byte[] damaged = whole.clone();
            damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            try {
                Safetensors.read(damaged);
            } catch (LowRankException expected) {
                refused++;
            }
        }
        assertTrue(refused > 1000, "only " + refused + " of 5000 damaged files were noticed");
    }

    @Test
    void whatCannotBeWrittenIsRefused() {
        LowRankException type = assertThrows(
                LowRankException.class,
                () -> written(new Tensors(Map.of("h", Nd4j.createFromArray(1f).castTo(DataType.SHORT)), Map.of())));
        assertTrue(type.getMessage().contains("\"h\" has the type SHORT"), type.getMessage());
        assertThrows(
                LowRankException.class,
                () -> written(new Tensors(Map.of("__metadata__", Nd4j.createFromArray(1f)), Map.of())));
    }

    private static byte[] sample() throws IOException {
        return written(new Tensors(
                Map.of("a", Nd4j.createFromArray(new float[][] {{1, 2, 3}, {4, 5, 6}}), "b", Nd4j.createFromArray(7L)),
                Map.of("format", "pt")));
    }

    private static void assertRefused(String reason, byte[] content) {
        LowRankException refused = assertThrows(LowRankException.class, () -> Safetensors.read(content));
        assertTrue(refused.getMessage().contains(reason), refused.getMessage());
    }

    private static byte[] written(Tensors tensors) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Safetensors.write(tensors, out);
        return out.toByteArray();
    }

    private static byte[] file(String header, byte[] data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + json.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .put(data)
                .array();
    }
}
