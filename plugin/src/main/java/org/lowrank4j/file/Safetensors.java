package org.lowrank4j.file;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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
 * <p>Reading is strict. Every length is checked before anything is allocated for it, data that is not exactly what its
 * header says is refused, and nothing in it can run code. The types F64, F32, F16, BF16, I64, I32, U8 and BOOL are read
 * and written.
 */
public final class Safetensors {

    /** Longer headers are refused, by this as by other readers of the format. */
    static final int LONGEST_HEADER = 100_000_000;

    private static final int LENGTH_BYTES = 8;

    private Safetensors() {}

    /**
     * Reads a stream to its end.
     *
     * @throws LowRankException if the content is not valid, or has another type than those of this class
     */
    public static Tensors read(InputStream in) throws IOException {
        return read(in.readAllBytes());
    }

    /**
     * Reads the whole content of a file.
     *
     * @throws LowRankException if the content is not valid, or has another type than those of this class
     */
    public static Tensors read(byte[] content) {
        try {
            return read(content.length, (position, into) -> into.put(content, (int) position, into.remaining()));
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /**
     * Reads a file, tensor by tensor, so that no more memory is taken than for the header and the tensors themselves.
     *
     * @throws LowRankException if the content is not valid, or has another type than those of this class; the message
     *     names the file
     */
    public static Tensors read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            return read(channel.size(), (position, into) -> fill(channel, position, into));
        } catch (LowRankException refused) {
            throw new LowRankException(file + ": " + refused.getMessage(), refused);
        }
    }

    private static void fill(FileChannel channel, long position, ByteBuffer into) throws IOException {
        long at = position;
        while (into.hasRemaining()) {
            int read = channel.read(into, at);
            if (read < 0) {
                throw new EOFException("The file became shorter while it was read.");
            }
            at += read;
        }
    }

    private static Tensors read(long length, SafetensorsType.Content content) throws IOException {
        if (length < LENGTH_BYTES) {
            throw refused("it has " + length + " bytes and must start with 8 bytes of header length", null);
        }
        ByteBuffer first = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        content.read(0, first);
        long headerLength = first.getLong(0);
        if (headerLength < 0 || headerLength > LONGEST_HEADER) {
            throw refused(
                    "its header length is " + Long.toUnsignedString(headerLength) + " bytes and at most "
                            + LONGEST_HEADER + " are allowed",
                    null);
        }
        if (headerLength > length - LENGTH_BYTES) {
            throw refused(
                    "its header length is " + headerLength + " bytes and only " + (length - LENGTH_BYTES)
                            + " follow: it is cut off",
                    null);
        }
        byte[] json = new byte[(int) headerLength];
        content.read(LENGTH_BYTES, ByteBuffer.wrap(json));
        long data = LENGTH_BYTES + headerLength;
        SafetensorsHeader header = SafetensorsHeader.parse(json, length - data);
        Map<String, INDArray> tensors = new LinkedHashMap<>();
        for (SafetensorsHeader.Entry entry : header.entries()) {
            tensors.put(
                    entry.name(), entry.type().read(content, data + entry.begin(), data + entry.end(), entry.shape()));
        }
        return new Tensors(tensors, header.metadata());
    }

    /**
     * Writes tensors in row-major order whatever their order in memory, widest types first, then by name, after a header
     * that ends on a multiple of 8 bytes. The stream stays open.
     *
     * @throws LowRankException if a tensor has a type that is not one of this class, or a reserved name, or has 2 GiB
     *     or more
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
