package org.lowrank4j.file;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Excerpt;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Tensors of few different numbers in few bits each, exactly: a table of the numbers, smallest first, and for each entry
 * its place in the table. In the place of a tensor NAME come {@code NAME.values} (the table, of the tensor's type), {@code
 * NAME.packed} (bytes) and its shape in the metadata, {@code lowrank4j.packed/NAME}.
 *
 * <p>Places follow the entries row by row, with as many bits as the largest needs, at least one. The first entry has the
 * lowest bits of the first byte, and the rest of the last byte is 0.
 */
public final class PackedTensors {

    /** The most numbers of a table: a place has at most 8 bits. */
    private static final int MOST_VALUES = 1 << Byte.SIZE;

    private static final String SHAPE = "lowrank4j.packed/";
    private static final String VALUES = ".values";
    private static final String PACKED = ".packed";
    private static final int BYTE = 0xff;

    private PackedTensors() {}

    /** The same content, with every FLOAT or DOUBLE tensor packed that takes less room so. */
    public static Tensors pack(Tensors content) {
        Map<String, INDArray> tensors = new TreeMap<>();
        Map<String, String> metadata = new TreeMap<>(content.metadata());
        content.tensors().forEach((name, tensor) -> {
            double[] values = values(tensor);
            if (values == null) {
                tensors.put(name, tensor);
            } else {
                tensors.put(name + VALUES, Nd4j.createFromArray(values).castTo(tensor.dataType()));
                tensors.put(name + PACKED, bytes(packed(tensor, values)));
                metadata.put(
                        SHAPE + name,
                        Arrays.stream(tensor.shape()).mapToObj(Long::toString).collect(Collectors.joining("x")));
            }
        });
        return new Tensors(tensors, metadata);
    }

    /** The table of a tensor, null if it is better left as it is. */
    private static double @Nullable [] values(INDArray tensor) {
        if (tensor.dataType() != DataType.FLOAT && tensor.dataType() != DataType.DOUBLE || tensor.isEmpty()) {
            return null;
        }
        // Ordered so that -0 and 0 are two numbers, as they are two patterns of bits.
        double[] found = new double[MOST_VALUES];
        int count = 0;
        double[] entries = entries(tensor);
        for (double entry : entries) {
            int at = Arrays.binarySearch(found, 0, count, entry);
            if (at < 0) {
                if (count == MOST_VALUES || Double.isNaN(entry)) {
                    return null;
                }
                System.arraycopy(found, -at - 1, found, -at, count - (-at - 1));
                found[-at - 1] = entry;
                count++;
            }
        }
        int width = tensor.dataType().width();
        return (long) count * width + packedLength(entries.length, count) < (long) entries.length * width
                ? Arrays.copyOf(found, count)
                : null;
    }

    private static double[] entries(INDArray tensor) {
        return tensor.castTo(DataType.DOUBLE).dup('c').data().asDouble();
    }

    private static int bits(int values) {
        return Math.max(1, Integer.SIZE - Integer.numberOfLeadingZeros(values - 1));
    }

    private static long packedLength(long entries, int values) {
        return (entries * bits(values) + Byte.SIZE - 1) / Byte.SIZE;
    }

    private static byte[] packed(INDArray tensor, double[] values) {
        double[] entries = entries(tensor);
        byte[] packed = new byte[Math.toIntExact(packedLength(entries.length, values.length))];
        int bits = bits(values.length);
        for (int i = 0; i < entries.length; i++) {
            int place = Arrays.binarySearch(values, entries[i]);
            long at = (long) i * bits;
            int shifted = place << (int) (at % Byte.SIZE);
            int index = (int) (at / Byte.SIZE);
            packed[index] |= (byte) shifted;
            if (shifted > BYTE) {
                packed[index + 1] |= (byte) (shifted >>> Byte.SIZE);
            }
        }
        return packed;
    }

    private static INDArray bytes(byte[] packed) {
        INDArray array = Nd4j.create(DataType.UBYTE, packed.length);
        for (int i = 0; i < packed.length; i++) {
            array.data().put(i, packed[i] & BYTE);
        }
        return array;
    }

    /**
     * The reverse of {@link #pack}; content without packed tensors stays as it is.
     *
     * @throws LowRankException if what is packed does not fit together
     */
    public static Tensors unpack(Tensors content) {
        Map<String, INDArray> tensors = new LinkedHashMap<>(content.tensors());
        Map<String, String> metadata = new TreeMap<>(content.metadata());
        content.metadata().forEach((key, shape) -> {
            if (key.startsWith(SHAPE)) {
                String name = key.substring(SHAPE.length());
                tensors.remove(name + VALUES);
                tensors.remove(name + PACKED);
                metadata.remove(key);
                INDArray unpacked = unpacked(
                        name, content.tensor(name + VALUES), content.tensor(name + PACKED), shape(name, shape));
                if (tensors.put(name, unpacked) != null) {
                    throw damaged(name, "is there twice, packed and not");
                }
            }
        });
        return new Tensors(tensors, metadata);
    }

    private static long[] shape(String name, String text) {
        try {
            long[] shape = Arrays.stream(text.split("x", -1))
                    .mapToLong(Long::parseLong)
                    .toArray();
            if (Arrays.stream(shape).allMatch(side -> side > 0)) {
                return shape;
            }
        } catch (NumberFormatException damaged) {
            throw damaged(name, "has the shape " + Excerpt.of(text), damaged);
        }
        throw damaged(name, "has the shape " + Excerpt.of(text));
    }

    private static INDArray unpacked(String name, INDArray values, INDArray packed, long[] shape) {
        if (values.isEmpty()
                || values.length() > MOST_VALUES
                || !values.dataType().isFPType()
                || values.rank() != 1) {
            throw damaged(name, "has no table of 1 to " + MOST_VALUES + " numbers");
        }
        if (packed.dataType() != DataType.UBYTE || packed.rank() != 1) {
            throw damaged(name, "has no bytes");
        }
        int count = (int) values.length();
        long entries = 1;
        for (long side : shape) {
            // Never more than the bytes can hold, whatever the sides say.
            entries = side > Integer.MAX_VALUE / entries ? Integer.MAX_VALUE : entries * side;
        }
        if (packedLength(entries, count) != packed.length()) {
            throw damaged(
                    name,
                    "has " + packed.length() + " bytes for " + Arrays.toString(shape) + " of " + count + " numbers");
        }
        return filled(name, values, packed, Nd4j.createUninitialized(values.dataType(), shape, 'c'));
    }

    private static INDArray filled(String name, INDArray values, INDArray packed, INDArray result) {
        double[] table = values.toDoubleVector();
        int[] bytes = packed.toIntVector();
        int bits = bits(table.length);
        for (int i = 0; i < result.length(); i++) {
            long at = (long) i * bits;
            int index = (int) (at / Byte.SIZE);
            int pair = bytes[index] | (index + 1 < bytes.length ? bytes[index + 1] << Byte.SIZE : 0);
            int place = pair >>> (int) (at % Byte.SIZE) & (1 << bits) - 1;
            if (place >= table.length) {
                throw damaged(name, "has an entry " + place + " of " + table.length + " numbers");
            }
            result.data().put(i, table[place]);
        }
        return result;
    }

    private static LowRankException damaged(String name, String how) {
        return damaged(name, how, null);
    }

    private static LowRankException damaged(String name, String how, @Nullable Throwable cause) {
        return new LowRankException("the packed tensor " + Excerpt.of(name) + " " + how + ": it is damaged.", cause);
    }
}
