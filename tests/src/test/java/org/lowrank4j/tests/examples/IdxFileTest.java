package org.lowrank4j.tests.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import digits.Digits;
import digits.IdxFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxFileTest {

    @TempDir
    Path directory;

    @Test
    void readsDimensionsAndValues() throws IOException {
        IdxFile file = IdxFile.read(write("plain", idx(3, 2, 2, 3)), 3);
        assertArrayEquals(new int[] {2, 2, 3}, file.dimensions());
        assertEquals(2, file.count());
        assertArrayEquals(new byte[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, file.values());
    }

    @Test
    void readsGzipWhateverItsName() throws IOException {
        IdxFile file = IdxFile.read(write("no-ending", gzip(idx(1, 5))), 1);
        assertArrayEquals(new byte[] {0, 1, 2, 3, 4}, file.values());
    }

    @Test
    void refusesLabelsWhereImagesAreExpected() throws IOException {
        String message = failure(write("labels", idx(1, 5)), 3);
        assertTrue(message.contains("0x00000801, not 0x00000803"), message);
    }

    @Test
    void refusesATruncatedFile() throws IOException {
        byte[] whole = idx(3, 2, 2, 3);
        String message = failure(write("cut", Arrays.copyOf(whole, whole.length - 5)), 3);
        assertTrue(message.contains("announces 12 values, it holds 7"), message);
    }

    @Test
    void refusesAHeaderCutShort() throws IOException {
        String message = failure(write("header", Arrays.copyOf(idx(3, 2, 2, 3), 9)), 3);
        assertTrue(message.contains("cut short"), message);
    }

    @Test
    void refusesACutGzipStream() throws IOException {
        byte[] whole = gzip(idx(1, 200));
        String message = failure(write("cut.gz", Arrays.copyOf(whole, whole.length / 2)), 1);
        assertTrue(message.contains("cut short"), message);
    }

    @Test
    void refusesTrailingBytes() throws IOException {
        byte[] whole = idx(1, 5);
        String message = failure(write("long", Arrays.copyOf(whole, whole.length + 1)), 1);
        assertTrue(message.contains("more than the 5 values"), message);
    }

    @Test
    void refusesDimensionsThatNoFileCanHold() throws IOException {
        byte[] huge = ByteBuffer.allocate(16)
                .putInt(0x803)
                .putInt(Integer.MAX_VALUE)
                .putInt(28)
                .putInt(28)
                .array();
        String message = failure(write("huge", huge), 3);
        assertTrue(message.contains("impossible dimensions: [2147483647]"), message);
    }

    @Test
    void namesAMissingFile() {
        String message = failure(directory.resolve("absent"), 1);
        assertTrue(message.startsWith("There is no file ") && message.contains("absent"), message);
    }

    @Test
    void imagesAndLabelsMustBeAsMany() throws IOException {
        Files.write(directory.resolve("train-images-idx3-ubyte"), idx(3, 2, 28, 28));
        Files.write(directory.resolve("train-labels-idx1-ubyte"), idx(1, 3));
        IOException failure = assertThrows(IOException.class, () -> Digits.load(directory.toString()));
        assertTrue(failure.getMessage().contains("holds 2 images"), failure.getMessage());
        assertTrue(failure.getMessage().contains("holds 3 labels"), failure.getMessage());
    }

    @Test
    void imagesMustHave28Pixels() throws IOException {
        Files.write(directory.resolve("train-images-idx3-ubyte"), idx(3, 2, 8, 8));
        Files.write(directory.resolve("train-labels-idx1-ubyte"), idx(1, 2));
        IOException failure = assertThrows(IOException.class, () -> Digits.load(directory.toString()));
        assertTrue(failure.getMessage().contains("8 x 8"), failure.getMessage());
    }

    @Test
    void aDirectoryOfFourFilesIsLoaded() throws IOException {
        Files.write(directory.resolve("train-images-idx3-ubyte.gz"), gzip(idx(3, 2, 28, 28)));
        Files.write(directory.resolve("train-labels-idx1-ubyte"), idx(1, 2));
        Files.write(directory.resolve("t10k-images-idx3-ubyte"), idx(3, 1, 28, 28));
        Files.write(directory.resolve("t10k-labels-idx1-ubyte"), idx(1, 1));
        Digits digits = Digits.load(directory.toString());
        assertEquals("mnist", digits.name());
        assertEquals(2, digits.train().size());
        assertEquals(1, digits.train().labels()[1]);
        // The second image goes on where the first, of 784 pixels, ends.
        assertEquals((byte) 784, digits.train().images()[1][0]);
        assertEquals(1, digits.test().size());
    }

    @Test
    void aNamedDirectoryWithoutTheFilesIsAnError() {
        IOException failure = assertThrows(IOException.class, () -> Digits.load(directory.toString()));
        assertTrue(failure.getMessage().contains("There is no train-images-idx3-ubyte"), failure.getMessage());
    }

    private String failure(Path file, int rank) {
        return assertThrows(IOException.class, () -> IdxFile.read(file, rank)).getMessage();
    }

    private Path write(String name, byte[] bytes) throws IOException {
        return Files.write(directory.resolve(name), bytes);
    }

    /** An IDX file of unsigned bytes that count up from 0. */
    private static byte[] idx(int rank, int... dimensions) {
        int size = Arrays.stream(dimensions).reduce(1, (a, b) -> a * b);
        ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * rank + size).putInt(0x800 | rank);
        for (int dimension : dimensions) {
            bytes.putInt(dimension);
        }
        for (int i = 0; i < size; i++) {
            bytes.put((byte) i);
        }
        return bytes.array();
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }
}
