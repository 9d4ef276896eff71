package org.lowrank4j.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class PackedTensorsTest {

    private static INDArray of(int values, DataType type, long... shape) {
        Random random = new Random(values);
        INDArray array = Nd4j.create(type, shape, 'f');
        for (long i = 0; i < array.length(); i++) {
            array.putScalar(i, 0.1 * (i < values ? i : random.nextInt(values)) - 1);
        }
        return array;
    }

    private static Tensors packed(INDArray array) {
        return PackedTensors.pack(new Tensors(Map.of("w", array), Map.of("k", "v")));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 8, 9, 16, 17, 33, 64, 65, 100, 128, 129, 255, 256})
    void comesBackBitForBit(int values) {
        for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
            INDArray array = of(values, type, 37, 5, 11);
            Tensors packed = packed(array);
            int bits = Math.max(1, (int) Math.ceil(Math.log(values) / Math.log(2)));
            assertEquals((37 * 5 * 11 * bits + 7) / 8, packed.tensor("w.packed").length());
            Tensors read = PackedTensors.unpack(packed);
            assertEquals(Set.of("w"), read.tensors().keySet());
            assertEquals(Map.of("k", "v"), read.metadata());
            INDArray back = read.tensor("w");
            assertEquals(type, back.dataType());
            assertArrayEquals(array.shape(), back.shape());
            assertArrayEquals(
                    array.dup('c').data().asDouble(), back.dup('c').data().asDouble());
        }
    }

    @Test
    void bothZerosSurvive() {
        INDArray array = Nd4j.createFromArray(new float[] {0f, -0f, 0f, -0f, 0f, -0f, 0f, 0f, -0f, 0f, 0f, 0f});
        INDArray back = PackedTensors.unpack(packed(array)).tensor("w");
        for (int i = 0; i < array.length(); i++) {
            assertEquals(Float.floatToRawIntBits(array.getFloat(i)), Float.floatToRawIntBits(back.getFloat(i)));
        }
    }

    @Test
    void whatIsNoSmallerStaysAsItIs() {
        INDArray many = of(257, DataType.FLOAT, 40, 40);
        assertEquals(Set.of("w"), packed(many).tensors().keySet());
        INDArray few = of(4, DataType.FLOAT, 2, 2);
        assertEquals(Set.of("w"), packed(few).tensors().keySet());
        INDArray whole = Nd4j.ones(DataType.LONG, 50);
        assertEquals(Set.of("w"), packed(whole).tensors().keySet());
    }

    @ParameterizedTest
    @CsvSource({
        "37x5, has 31 bytes",
        "37x6x-1, has the shape",
        "37xsix, has the shape",
        "9223372036854775807x9223372036854775807, has 31 bytes"
    })
    void aShapeThatDoesNotFitIsDamage(String shape, String why) {
        Map<String, String> metadata =
                new TreeMap<>(packed(of(2, DataType.FLOAT, 41, 6)).metadata());
        metadata.put("lowrank4j.packed/w", shape);
        refused(new Tensors(packed(of(2, DataType.FLOAT, 41, 6)).tensors(), metadata), why);
    }

    @Test
    void aPlaceBeyondTheTableIsDamage() {
        Tensors packed = packed(of(3, DataType.FLOAT, 8, 8));
        packed.tensor("w.packed").data().put(5, 255);
        refused(packed, "an entry 3 of 3 numbers");
    }

    @Test
    void aMissingPartIsDamage() {
        Map<String, INDArray> tensors =
                new TreeMap<>(packed(of(3, DataType.FLOAT, 8, 8)).tensors());
        tensors.remove("w.values");
        refused(new Tensors(tensors, Map.of("lowrank4j.packed/w", "8x8")), "w.values");
    }

    private static void refused(Tensors content, String why) {
        String message = assertThrows(LowRankException.class, () -> PackedTensors.unpack(content))
                .getMessage();
        assertTrue(message.contains(why), message);
    }
}
