package org.lowrank4j.file;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Collectors;

/**
 * How every file of this library is written.
 *
 * <p>A regular file is replaced as a whole or not at all: the new content is complete and on disk beside it before it
 * takes the file's name. Permissions, owner and group stay. Symbolic links are followed and kept, also where they lead
 * to nothing yet. What killed writers left in the directory is cleared away.
 *
 * <p>Where renaming would lose something (a file with several names, a file that is mounted, an owner that may not be
 * given away) or is not possible (a directory that cannot be written), the complete content is copied over the old, which
 * stays the same file; only a crash during that copy can damage it. A device or a pipe takes the content as it is made.
 */
public final class Replacement {

    /** As many links in a row as Linux follows. */
    private static final int MOST_LINKS = 40;

    private Replacement() {}

    /** Writes the content. */
    @FunctionalInterface
    public interface Content {
        void writeTo(OutputStream stream) throws IOException;
    }

    /**
     * Replaces or creates a file.
     *
     * @throws IOException if the directory is missing, the file may not be written, or the content cannot be, with the name
     *     of the file; a regular file is then as it was
     */
    public static void write(Path file, Content content) throws IOException {
        try {
            writeInto(file, content);
        } catch (FileSystemException named) {
            throw named;
        } catch (IOException failure) {
            throw new IOException("Cannot write " + file + ": " + failure.getMessage(), failure);
        }
    }

    private static void writeInto(Path file, Content content) throws IOException {
        if (!file.getFileSystem().equals(FileSystems.getDefault())) {
            stream(file, content);
            return;
        }
        Path target = followed(file);
        if (Files.exists(file) && !Files.isRegularFile(target)) {
            // Also what a link of /proc leads to and no name does. It is not created anew in case that it goes.
            stream(file, content, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        } else {
            replace(target, content);
        }
    }

    /** Replaces or creates a file of text, in UTF-8. */
    public static void write(Path file, String text) throws IOException {
        write(file, stream -> stream.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Replaces or creates a file of lines, in UTF-8. */
    public static void write(Path file, List<String> lines) throws IOException {
        write(file, lines.stream().map(line -> line + '\n').collect(Collectors.joining()));
    }

    private static void stream(Path file, Content content, OpenOption... how) throws IOException {
        try (OutputStream stream = new BufferedOutputStream(Files.newOutputStream(file, how))) {
            content.writeTo(stream);
        }
    }

    private static void replace(Path target, Content content) throws IOException {
        Path directory = target.getParent();
        if (directory == null || !Files.isDirectory(directory)) {
            throw new IOException("its directory does not exist");
        }
        boolean exists = Files.exists(target);
        if (exists && !Files.isWritable(target)) {
            throw new AccessDeniedException(target.toString(), null, "the file is write-protected");
        }
        boolean beside = Files.isWritable(directory);
        if (!exists && !beside) {
            throw new AccessDeniedException(target.toString(), null, "its directory is not writable");
        }
        Path place = beside ? directory : Path.of(System.getProperty("java.io.tmpdir"));
        Draft.clearAway(place);
        try (Draft draft = Draft.in(place, exists)) {
            draft.write(content);
            if (!beside || !draft.replace(target)) {
                overwrite(draft, target);
            }
        }
        sync(directory);
    }

    /** Where symbolic links lead, whether there is a file or not. */
    private static Path followed(Path file) throws IOException {
        Path at = file.toAbsolutePath();
        for (int links = 0; Files.isSymbolicLink(at); links++) {
            if (links == MOST_LINKS) {
                throw new FileSystemLoopException(file.toString());
            }
            at = at.resolveSibling(Files.readSymbolicLink(at));
        }
        return at;
    }

    /** One at a time: two copies would mix. */
    private static synchronized void overwrite(Draft draft, Path target) throws IOException {
        draft.copyOver(target);
    }

    /** Makes the new name last, where the system has that: not Windows, nor every network file system. */
    private static void sync(Path directory) {
        // Channels are closed by interrupts, and a save must not be.
        boolean interrupted = Thread.interrupted();
        try (FileChannel channel = FileChannel.open(directory)) {
            channel.force(true);
        } catch (IOException notHere) {
            // After a crash there is the old file or the new one, both whole.
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
