package org.lowrank4j.file;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Reads and writes the safetensors format: 8 bytes of header length (little-endian), a JSON header, then the tensors'
 * bytes, row-major and little-endian, without holes.
 *
 * <p>Reading is strict. Every length is checked before anything is allocated, data that is not exactly what its header
 * says is refused, and nothing in it can run code. The types F32, F64, I32 and I64 are read and written.
 */
public final class Safetensors {

    /** Longer headers are refused, by this as by other readers of the format. */
    static final int LONGEST_HEADER = 100_000_000;

    private static final int LENGTH_BYTES = 8;

    private Safetensors() {}

    /**
     * Reads a stream to its end.
     *
     * @throws LowRankException if the content is not valid, or has another type than F32, F64, I32 and I64
     */
    public static Tensors read(InputStream in) throws IOException {
        return read(in.readAllBytes());
    }

    /**
     * Reads the whole content of a file.
     *
     * @throws LowRankException if the content is not valid, or has another type than F32, F64, I32 and I64
     */
    public static Tensors read(byte[] content) {
        if (content.length < LENGTH_BYTES) {
            throw refused("it has " + content.length + " bytes and must start with 8 bytes of header length", null);
        }
        ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        long headerLength = bytes.getLong();
        if (headerLength < 0 || headerLength > LONGEST_HEADER) {
            throw refused(
                    "its header length is " + Long.toUnsignedString(headerLength) + " bytes and at most "
                            + LONGEST_HEADER + " are allowed",
                    null);
        }
        if (headerLength > content.length - LENGTH_BYTES) {
            throw refused(
                    "its header length is " + headerLength + " bytes and only " + (content.length - LENGTH_BYTES)
                            + " follow: it is cut off",
                    null);
        }
        int data = LENGTH_BYTES + (int) headerLength;
        SafetensorsHeader header =
                SafetensorsHeader.parse(Arrays.copyOfRange(content, LENGTH_BYTES, data), content.length - data);
        Map<String, INDArray> tensors = new LinkedHashMap<>();
        for (SafetensorsHeader.Entry entry : header.entries()) {
            // The header was checked against the length of the content, so these are positions in it.
            ByteBuffer slice = bytes.slice(data + (int) entry.begin(), (int) (entry.end() - entry.begin()))
                    .order(ByteOrder.LITTLE_ENDIAN);
            tensors.put(entry.name(), entry.type().read(slice, entry.shape()));
        }
        return new Tensors(tensors, header.metadata());
    }

    /**
     * Writes tensors in row-major order whatever their order in memory, widest types first, then by name, after a header
     * that ends on a multiple of 8 bytes. The stream stays open.
     *
     * @throws LowRankException if a tensor has another type than FLOAT, DOUBLE, INT and LONG, or a reserved name,
     *     or if all together have about 2 GiB
     */
    public static void write(Tensors tensors, OutputStream out) throws IOException {
        List<SafetensorsHeader.Entry> entries = places(tensors.tensors());
        byte[] json =
                new SafetensorsHeader(entries, tensors.metadata()).toJson().getBytes(StandardCharsets.UTF_8);
        byte[] header = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
        Arrays.fill(header, json.length, header.length, (byte) ' ');
        out.write(ByteBuffer.allocate(LENGTH_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .array());
        out.write(header);
        for (SafetensorsHeader.Entry entry : entries) {
            entry.type().write(tensors.tensor(entry.name()), out);
        }
        out.flush();
    }

    /** Lays the tensors out one after the other. */
    private static List<SafetensorsHeader.Entry> places(Map<String, INDArray> tensors) {
        if (tensors.containsKey(SafetensorsHeader.METADATA)) {
            throw new LowRankException("A tensor cannot be named " + SafetensorsHeader.METADATA
                    + ": safetensors keeps its text under that name.");
        }
        List<SafetensorsHeader.Entry> entries = new ArrayList<>();
        tensors.forEach((name, array) -> {
            SafetensorsType type = SafetensorsType.of(array.dataType(), name);
            entries.add(new SafetensorsHeader.Entry(name, type, array.shape(), 0, SafetensorsType.length(array)));
        });
        entries.sort(Comparator.comparingInt(
                        (SafetensorsHeader.Entry entry) -> -entry.type().bytes())
                .thenComparing(SafetensorsHeader.Entry::name));
        long end = 0;
        for (int i = 0; i < entries.size(); i++) {
            SafetensorsHeader.Entry entry = entries.get(i);
            long begin = end;
            end = Math.addExact(
                    begin, Math.multiplyExact(entry.end(), (long) entry.type().bytes()));
            entries.set(i, new SafetensorsHeader.Entry(entry.name(), entry.type(), entry.shape(), begin, end));
        }
        return entries;
    }

    static LowRankException refused(String why, @Nullable Throwable cause) {
        return new LowRankException("This is not valid safetensors data: " + why + ".", cause);
    }
}
