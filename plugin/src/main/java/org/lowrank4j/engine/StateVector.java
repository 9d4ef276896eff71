package org.lowrank4j.engine;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The arrays of adapters as a stretch of one vector, for programs that copy the state of a training by hand: a marker, a
 * checksum, then the arrays one after the other. Arrays of another type take four entries a number, 16 bits each, which
 * every floating-point type holds exactly. What is not as it was written is not read: a program that clears or scales the
 * state of its updater means the updater's.
 */
final class StateVector {

    private static final int MARKER = 0x4c52;
    private static final int HEAD = 3;
    private static final int PARTS = 4;

    private StateVector() {}

    /** Entries that the arrays take. */
    static long length(Map<String, INDArray> arrays, DataType type) {
        long length = HEAD;
        for (INDArray array : arrays.values()) {
            length += array.length() * (array.dataType() == type ? 1 : PARTS);
        }
        return length;
    }

    /** @param to of that length, rank 1 */
    static void write(Map<String, INDArray> arrays, INDArray to) {
        long at = HEAD;
        for (INDArray array : arrays.values()) {
            INDArray flat = array.reshape(array.ordering(), new long[] {array.length()});
            INDArray entries = array.dataType() == to.dataType() ? flat : inParts(flat, to.dataType());
            slice(to, at, entries.length()).assign(entries);
            at += entries.length();
        }
        head(arrays, to).forEach(to::putScalar);
    }

    /**
     * The arrays, copied.
     *
     * @param like their names, types, shapes and orders
     * @param from where they were written
     * @return null if that is not what is there
     */
    static @Nullable Map<String, INDArray> read(Map<String, INDArray> like, INDArray from) {
        if (from.length() != length(like, from.dataType())) {
            return null;
        }
        for (Map.Entry<Long, Double> entry : head(like, from).entrySet()) {
            if (from.getDouble(entry.getKey()) != entry.getValue()) {
                return null;
            }
        }
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        long at = HEAD;
        for (Map.Entry<String, INDArray> entry : like.entrySet()) {
            INDArray shape = entry.getValue();
            boolean same = shape.dataType() == from.dataType();
            INDArray entries = slice(from, at, shape.length() * (same ? 1 : PARTS));
            at += entries.length();
            INDArray flat = Nd4j.create(shape.dataType(), shape.length());
            if (same) {
                flat.assign(entries);
            } else {
                fromParts(entries, flat);
            }
            arrays.put(entry.getKey(), flat.reshape(shape.ordering(), shape.shape()));
        }
        return arrays;
    }

    /** Marker and checksum of names and entries, by index. */
    private static Map<Long, Double> head(Map<String, INDArray> arrays, INDArray vector) {
        CRC32 sum = new CRC32();
        sum.update(String.join("/", arrays.keySet()).getBytes(StandardCharsets.UTF_8));
        for (long i = HEAD; i < vector.length(); i++) {
            long bits = Double.doubleToRawLongBits(vector.getDouble(i));
            for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
                sum.update((int) (bits >>> shift));
            }
        }
        return Map.of(
                0L, (double) MARKER,
                1L, (double) (sum.getValue() & 0xffff),
                2L, (double) (sum.getValue() >>> 16));
    }

    private static INDArray inParts(INDArray flat, DataType type) {
        double[] parts = new double[Math.toIntExact(flat.length() * PARTS)];
        for (int i = 0; i < flat.length(); i++) {
            long bits = flat.dataType().isFPType() ? Double.doubleToRawLongBits(flat.getDouble(i)) : flat.getLong(i);
            for (int part = 0; part < PARTS; part++) {
                parts[PARTS * i + part] = bits >>> 16 * part & 0xffff;
            }
        }
        return Nd4j.createFromArray(parts).castTo(type);
    }

    private static void fromParts(INDArray parts, INDArray flat) {
        for (int i = 0; i < flat.length(); i++) {
            long bits = 0;
            for (int part = 0; part < PARTS; part++) {
                bits |= (long) parts.getDouble(PARTS * i + part) << 16 * part;
            }
            if (flat.dataType().isFPType()) {
                flat.putScalar(i, Double.longBitsToDouble(bits));
            } else {
                flat.data().put(i, bits);
            }
        }
    }

    private static INDArray slice(INDArray vector, long from, long length) {
        return length == 0 ? Nd4j.empty(vector.dataType()) : vector.get(NDArrayIndex.interval(from, from + length));
    }
}
