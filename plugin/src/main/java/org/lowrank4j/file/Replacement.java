package org.lowrank4j.file;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Replaces a file as a whole or not at all: the new content is complete on disk before the old one goes. */
public final class Replacement {

    private Replacement() {}

    /** Writes the content. */
    @FunctionalInterface
    public interface Content {
        void writeTo(OutputStream stream) throws IOException;
    }

    /**
     * Writes a sibling of the file and moves it into place.
     *
     * @param file to replace or create
     * @throws IOException if the directory is missing or not writable, or the content cannot be written; the file is as
     *     it was and no sibling is left
     */
    public static void write(Path file, Content content) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null || !Files.isDirectory(directory)) {
            throw new IOException("Cannot write " + file + ": its directory does not exist.");
        }
        Path sibling = directory.resolve("." + file.getFileName() + "." + UUID.randomUUID() + ".writing");
        try {
            Files.createFile(sibling);
        } catch (IOException refused) {
            throw new IOException(
                    "Cannot write " + file + ": its directory is not writable, and the new content is written to a"
                            + " sibling file before it replaces the old. Nothing was changed.",
                    refused);
        }
        try {
            try (OutputStream stream = new BufferedOutputStream(Files.newOutputStream(sibling))) {
                content.writeTo(stream);
            }
            try (FileChannel channel = FileChannel.open(sibling, StandardOpenOption.WRITE)) {
                channel.force(true);
            }
            takePermissions(file, sibling);
            move(sibling, file);
        } finally {
            Files.deleteIfExists(sibling);
        }
    }

    private static void takePermissions(Path file, Path sibling) throws IOException {
        if (Files.exists(file) && Files.getFileStore(sibling).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(sibling, Files.getPosixFilePermissions(file));
        }
    }

    private static void move(Path sibling, Path file) throws IOException {
        try {
            Files.move(sibling, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException notHere) {
            Files.move(sibling, file, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
