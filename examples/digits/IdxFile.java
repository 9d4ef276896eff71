package digits;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * One file in the IDX format of the MNIST distribution, plain or gzipped: two zero bytes, the type byte 8 (unsigned
 * byte), the number of dimensions, each dimension as a big-endian int, then the values, last dimension fastest.
 *
 * @param dimensions the sizes, for example {60000, 28, 28}
 * @param values all values, row after row
 */
public record IdxFile(int[] dimensions, byte[] values) {

    private static final int UNSIGNED_BYTE = 8;
    private static final int GZIP_MAGIC = 0x1f8b;

    /**
     * Reads a file and checks it to the last byte.
     *
     * @param path the file; whether it is gzipped is read from its first two bytes, not from its name
     * @param rank the number of dimensions it must have: 3 for images, 1 for labels
     * @throws IOException if the file is missing, is not such an IDX file, or is shorter or longer than its header says
     */
    public static IdxFile read(Path path, int rank) throws IOException {
        try (InputStream raw = new BufferedInputStream(Files.newInputStream(path));
                InputStream bytes = isGzip(raw) ? new GZIPInputStream(raw) : raw;
                DataInputStream in = new DataInputStream(new BufferedInputStream(bytes))) {
            return read(in, path, rank);
        } catch (NoSuchFileException missing) {
            throw new IOException("There is no file " + path.toAbsolutePath() + ".", missing);
        } catch (EOFException cut) {
            throw new IOException(path + " is cut short: it ends inside its header or its gzip stream.", cut);
        } catch (ZipException broken) {
            throw new IOException(path + " is not a sound gzip file: " + broken.getMessage() + ".", broken);
        }
    }

    private static boolean isGzip(InputStream in) throws IOException {
        in.mark(2);
        int magic = in.read() << 8 | in.read();
        in.reset();
        return magic == GZIP_MAGIC;
    }

    private static IdxFile read(DataInputStream in, Path path, int rank) throws IOException {
        int magic = in.readInt();
        int expected = UNSIGNED_BYTE << 8 | rank;
        if (magic != expected) {
            throw new IOException(String.format(
                    "%s is no IDX file of unsigned bytes with %d dimension%s: it starts with 0x%08x, not 0x%08x.",
                    path, rank, rank == 1 ? "" : "s", magic, expected));
        }
        int[] dimensions = new int[rank];
        long size = 1;
        for (int i = 0; i < rank; i++) {
            dimensions[i] = in.readInt();
            // Every factor is below 2^31 and the product is checked each time, so a long cannot overflow.
            size *= dimensions[i];
            if (dimensions[i] <= 0 || size > Integer.MAX_VALUE - 8) {
                throw new IOException(path + " has impossible dimensions: "
                        + Arrays.toString(Arrays.copyOf(dimensions, i + 1)) + ".");
            }
        }
        // Grows as it reads, so a wrong header cannot make it reserve more than the file holds.
        byte[] values = in.readNBytes((int) size);
        if (values.length < size) {
            throw new IOException(
                    path + " is cut short: its header announces " + size + " values, it holds " + values.length + ".");
        }
        if (in.read() != -1) {
            throw new IOException(path + " holds more than the " + size + " values its header announces.");
        }
        return new IdxFile(dimensions, values);
    }

    /** The first dimension: how many images or labels. */
    public int count() {
        return dimensions[0];
    }
}
