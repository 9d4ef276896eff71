package org.lowrank4j.file;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Excerpt;

/**
 * A zip that anybody may have written. What its directory says of an entry (that it is there once, its length, its
 * checksum) is held against what there is, before memory is taken for it and while it is read.
 */
final class CheckedZip implements AutoCloseable {

    /** Model zips have a handful. */
    private static final int MOST_ENTRIES = 10_000;

    /** A byte of deflated data stands for at most so many bytes. */
    private static final int MOST_PER_BYTE = 1032;

    private final ZipFile zip;
    private final long fileLength;

    /**
     * Opens a file.
     *
     * @throws IOException if it is no zip, in ways of which the JDK has several
     * @throws LowRankException if its directory is not one of a model zip
     */
    CheckedZip(Path file) throws IOException {
        zip = new ZipFile(file.toFile());
        try {
            fileLength = Files.size(file);
            checkNames();
        } catch (IOException | RuntimeException refused) {
            zip.close();
            throw refused;
        }
    }

    private void checkNames() {
        if (zip.size() > MOST_ENTRIES) {
            throw new LowRankException("it has " + zip.size() + " entries, and at most " + MOST_ENTRIES + " are read.");
        }
        Set<String> names = new HashSet<>();
        for (ZipEntry entry : entries()) {
            if (!names.add(entry.getName())) {
                throw new LowRankException("it has the entry " + Excerpt.of(entry.getName()) + " twice.");
            }
        }
    }

    /** In the order of the directory. */
    List<ZipEntry> entries() {
        return zip.stream().<ZipEntry>map(entry -> entry).toList();
    }

    boolean has(String name) {
        return zip.getEntry(name) != null;
    }

    /** The number of bytes of an entry, which its stream has or ends with an exception. */
    long length(String name) {
        return checked(name).getSize();
    }

    /**
     * The content of an entry. Its end is reached only if it has the length and the checksum of the directory.
     *
     * @throws LowRankException if there is no such entry, or it cannot have the length that it claims; reading throws it
     *     if the content is damaged
     */
    InputStream stream(String name) throws IOException {
        ZipEntry entry = checked(name);
        return new Checked(zip.getInputStream(entry), entry);
    }

    /** The whole content of an entry. */
    byte[] read(String name, int most) throws IOException {
        long length = length(name);
        if (length > most) {
            throw new LowRankException(
                    "its entry " + name + " has " + length + " bytes, and at most " + most + " are read.");
        }
        try (InputStream in = stream(name)) {
            return in.readAllBytes();
        }
    }

    private ZipEntry checked(String name) {
        ZipEntry entry = zip.getEntry(name);
        if (entry == null) {
            throw new LowRankException("it has no entry " + name + ", which every model zip of DL4J has. It has "
                    + Excerpt.of(entries().stream().map(ZipEntry::getName).toList()) + ".");
        }
        long length = entry.getSize();
        long packed = entry.getCompressedSize();
        boolean stored = entry.getMethod() == ZipEntry.STORED;
        if (length < 0
                || packed < 0
                || packed > fileLength
                || (stored ? length != packed : length / MOST_PER_BYTE > packed)) {
            throw new LowRankException("its entry " + Excerpt.of(entry.getName()) + " is damaged: it cannot have "
                    + length + " bytes, packed into " + packed + ".");
        }
        return entry;
    }

    @Override
    public void close() throws IOException {
        zip.close();
    }

    /** Counts, and holds what was read against the directory at the end. */
    private static final class Checked extends FilterInputStream {

        private final ZipEntry entry;
        private final CRC32 checksum = new CRC32();
        private long length;

        Checked(InputStream in, ZipEntry entry) {
            super(in);
            this.entry = entry;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int count) throws IOException {
            int read = super.read(bytes, offset, count);
            if (read > 0) {
                checksum.update(bytes, offset, read);
                length += read;
            }
            if (length > entry.getSize() || (read < 0 && length < entry.getSize())) {
                throw new LowRankException("its entry " + Excerpt.of(entry.getName()) + " is damaged: it has "
                        + (read < 0 ? "only " + length : "more than " + entry.getSize()) + " bytes of "
                        + entry.getSize() + ".");
            }
            if (read < 0 && checksum.getValue() != entry.getCrc()) {
                throw new LowRankException("its entry " + Excerpt.of(entry.getName())
                        + " is damaged: it does not have the checksum that the zip keeps of it.");
            }
            return read;
        }

        @Override
        public long skip(long count) {
            throw new UnsupportedOperationException("what is skipped has no checksum");
        }

        @Override
        public boolean markSupported() {
            return false;
        }
    }
}
