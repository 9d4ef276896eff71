package org.lowrank4j.file;

import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * New content on its way to a file: complete and on disk before the file itself is touched.
 *
 * <p>Its name says nothing of the file's, so that it is short whatever the file is called, and any writer can clear away
 * what a killed one left in the directory. A live writer holds a lock on its draft. The system gives that up when a
 * process ends, however it ends.
 */
final class Draft implements AutoCloseable {

    private static final Pattern NAME = Pattern.compile("\\.lowrank4j-([0-9a-f]+)-[0-9a-f]+\\.writing");

    /** Far beyond any content, for where a lock also keeps others from reading. */
    private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

    private static final int COPIED_BYTES = 1 << 16;

    private static final SecureRandom RANDOM = new SecureRandom();

    /** The same for all class loaders of this JVM that have this class, and of no other JVM, dead ones included. */
    private static final String THIS_JVM = thisJvm();

    private final Path file;
    private final FileOutputStream out;

    private Draft(Path file, FileOutputStream out) {
        this.file = file;
        this.out = out;
    }

    private static String thisJvm() {
        try {
            ProcessHandle process = ProcessHandle.current();
            long start =
                    process.info().startInstant().map(Instant::toEpochMilli).orElseGet(RANDOM::nextLong);
            return String.format("%x%016x", process.pid(), start);
        } catch (SecurityException notToldHere) {
            return String.format("%016x", RANDOM.nextLong());
        }
    }

    /**
     * An empty draft.
     *
     * @param confidential whether nobody else may read it, because it replaces a file that may be so
     */
    static Draft in(Path directory, boolean confidential) throws IOException {
        while (true) {
            Path file = directory.resolve(String.format(".lowrank4j-%s-%016x.writing", THIS_JVM, RANDOM.nextLong()));
            Files.createFile(file, attributes(directory, confidential));
            FileOutputStream out = new FileOutputStream(file.toFile());
            if (isLocked(out.getChannel()) && Files.exists(file)) {
                return new Draft(file, out);
            }
            // Another writer cleared it away before it was locked.
            out.close();
        }
    }

    private static FileAttribute<?>[] attributes(Path directory, boolean confidential) {
        return confidential
                        && directory
                                .getFileSystem()
                                .supportedFileAttributeViews()
                                .contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
    }

    /** Also true where there are no locks, as on some network file systems: nobody clears anything away there. */
    private static boolean isLocked(FileChannel channel) {
        try {
            FileLock lock = channel.tryLock(LOCKED_BYTE, 1, false);
            return lock != null;
        } catch (IOException noLocks) {
            return true;
        }
    }

    /** Writes the content, to the disk. Interrupts of the thread do not reach it. */
    void write(Replacement.Content content) throws IOException {
        BufferedOutputStream stream = new BufferedOutputStream(out);
        content.writeTo(stream);
        stream.flush();
        out.getFD().sync();
    }

    /**
     * Takes the place of a file, or of none.
     *
     * @return whether it has; if not, the file is as it was
     */
    boolean replace(Path target) throws IOException {
        if (!hasAttributes(target, "posix")) {
            // Windows renames no file that is open in this way.
            out.close();
        }
        if (!Files.exists(target)) {
            Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
            return true;
        }
        try {
            if (!takesAttributes(target)) {
                return false;
            }
            Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } catch (FileSystemException notHere) {
            // The file is a mount point, or open on Windows, or its owner cannot be given to another file.
            return false;
        }
    }

    /** False where renaming would lose something: a hard link. */
    private boolean takesAttributes(Path target) throws IOException {
        if (!hasAttributes(target, "unix")) {
            return true;
        }
        if (attribute(target, "nlink") > 1) {
            return false;
        }
        // The mode last: the system takes rights away with a change of owner.
        for (String name : List.of("uid", "gid", "mode")) {
            int wanted = attribute(target, name);
            if (attribute(file, name) != wanted) {
                Files.setAttribute(file, "unix:" + name, wanted);
            }
        }
        return true;
    }

    private static boolean hasAttributes(Path file, String view) {
        return file.getFileSystem().supportedFileAttributeViews().contains(view);
    }

    private static int attribute(Path file, String name) throws IOException {
        return (int) Files.getAttribute(file, "unix:" + name);
    }

    /**
     * Copies this over the content of a file, which stays the same file. What does not fit into its old length comes
     * first, so that a full disk is noticed while the old content is whole.
     */
    void copyOver(Path target) throws IOException {
        long length = Files.size(file);
        try (RandomAccessFile from = new RandomAccessFile(file.toFile(), "r");
                RandomAccessFile to = new RandomAccessFile(target.toFile(), "rw")) {
            long old = to.length();
            try {
                copy(from, to, Math.min(old, length), length);
                to.getFD().sync();
            } catch (IOException full) {
                to.setLength(old);
                throw full;
            }
            copy(from, to, 0, Math.min(old, length));
            to.setLength(length);
            to.getFD().sync();
        }
    }

    private static void copy(RandomAccessFile from, RandomAccessFile to, long begin, long end) throws IOException {
        byte[] part = new byte[COPIED_BYTES];
        from.seek(begin);
        to.seek(begin);
        for (long at = begin; at < end; ) {
            int count = (int) Math.min(part.length, end - at);
            from.readFully(part, 0, count);
            to.write(part, 0, count);
            at += count;
        }
    }

    @Override
    public void close() throws IOException {
        try {
            Files.deleteIfExists(file);
        } finally {
            out.close();
        }
    }

    /** Removes what writers left here that are no more. What cannot be removed waits for another writer. */
    static void clearAway(Path directory) {
        try (DirectoryStream<Path> drafts = Files.newDirectoryStream(directory, ".lowrank4j-*.writing")) {
            for (Path draft : drafts) {
                var name = NAME.matcher(draft.getFileName().toString());
                // Whoever closes a file gives up all locks that the JVM has on it: never open one of ours.
                if (name.matches() && !name.group(1).equals(THIS_JVM)) {
                    removeIfAbandoned(draft);
                }
            }
        } catch (IOException | DirectoryIteratorException unreadable) {
            // The directory may be one that can be written and not listed.
        }
    }

    private static void removeIfAbandoned(Path draft) {
        if (!Files.isRegularFile(draft, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (FileChannel channel =
                FileChannel.open(draft, Set.of(StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS))) {
            if (channel.tryLock(LOCKED_BYTE, 1, false) != null) {
                Files.deleteIfExists(draft);
            }
        } catch (IOException | OverlappingFileLockException notOurs) {
            // Of another user, or on a file system without locks.
        }
    }
}
