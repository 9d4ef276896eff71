package org.lowrank4j.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written where something is already. Devices, mounts and other users need root and are skipped without. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "pipes, devices, hard links and owners as POSIX has them")
class ReplacementTest {

    private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

    /** The user "nobody" of most systems. */
    private static final int OTHER_USER = 65_534;

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void anOldFile() throws IOException {
        file = Files.writeString(folder.resolve("file"), "the old content");
    }

    private static void write(Path file, String text) throws IOException {
        Replacement.write(file, stream -> stream.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Fails after some content. */
    private static void fail(Path file) {
        IOException failure = assertThrows(
                IOException.class,
                () -> Replacement.write(file, stream -> {
                    stream.write(new byte[100_000]);
                    throw new IOException("cannot go on");
                }));
        assertEquals("Cannot write " + file + ": cannot go on", failure.getMessage());
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(one -> one.getFileName().toString()).sorted().toList();
        }
    }

    private static int attribute(String name, Path file) throws IOException {
        return (int) Files.getAttribute(file, "unix:" + name);
    }

    private static Object inode(Path file) throws IOException {
        return Files.getAttribute(file, "unix:ino");
    }

    @Test
    void aNewFileIsAsAnyOther() throws IOException {
        Path stock = folder.resolve("stock");
        new FileOutputStream(stock.toFile()).close();
        Path made = folder.resolve("made");
        write(made, "new");
        assertEquals("new", Files.readString(made));
        assertEquals(Files.getPosixFilePermissions(stock), Files.getPosixFilePermissions(made));
        assertEquals(List.of("file", "made", "stock"), names());
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-------", "rw-r-----", "rwxrwxrwx"})
    void permissionsStay(String permissions) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
        write(file, "new");
        assertEquals(permissions, PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals("new", Files.readString(file));
    }

    @Test
    void nobodyElseReadsTheDraftOfAPrivateFile() throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        List<String> seen = new ArrayList<>();
        Replacement.write(file, stream -> {
            for (String name : names()) {
                seen.add(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name))));
            }
        });
        assertEquals(List.of("rw-------", "rw-------"), seen);
    }

    @Test
    void ownerAndGroupStay() throws IOException {
        assumeTrue(ROOT, "only root gives files away");
        Files.setAttribute(file, "unix:uid", 1234);
        Files.setAttribute(file, "unix:gid", 2345);
        Files.setAttribute(file, "unix:mode", 02750);
        Object before = inode(file);
        write(file, "new");
        assertEquals("new", Files.readString(file));
        assertEquals(1234, attribute("uid", file));
        assertEquals(2345, attribute("gid", file));
        assertEquals(02750, attribute("mode", file) & 07777);
        assertFalse(before.equals(inode(file)), "written in place");
    }

    @Test
    void linksStayAndLeadToTheNew() throws IOException {
        Path directory = Files.createDirectory(folder.resolve("directory"));
        Path second = Files.createSymbolicLink(directory.resolve("second"), Path.of("../file"));
        Path first = Files.createSymbolicLink(folder.resolve("first"), Path.of("directory/second"));
        write(first, "new");
        assertTrue(Files.isSymbolicLink(first) && Files.isSymbolicLink(second));
        assertEquals("new", Files.readString(file));
    }

    @Test
    void aLinkToNothingStaysAndItsTargetIsMade() throws IOException {
        Files.createDirectory(folder.resolve("elsewhere"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("elsewhere/missing"));
        write(link, "new");
        assertTrue(Files.isSymbolicLink(link));
        assertEquals("new", Files.readString(folder.resolve("elsewhere/missing")));
    }

    @Test
    void linksThatLeadNowhereAreRefused() throws IOException {
        Path link = folder.resolve("link");
        Files.createSymbolicLink(link, Path.of("link"));
        assertThrows(FileSystemLoopException.class, () -> write(link, "new"));
        Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), Path.of("missing/file"));
        IOException refused = assertThrows(IOException.class, () -> write(dangling, "new"));
        assertTrue(refused.getMessage().contains("its directory does not exist"), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "short", "a content that is longer than the old one"})
    void allNamesOfAFileHaveTheNew(String content) throws IOException {
        Path other = Files.createLink(folder.resolve("other"), file);
        Object before = inode(file);
        write(other, content);
        assertEquals(content, Files.readString(file));
        assertEquals(content, Files.readString(other));
        assertEquals(before, inode(file));
        assertEquals(before, inode(other));
        assertEquals(List.of("file", "other"), names());
    }

    @Test
    void contentThatFailsChangesNothing() throws IOException {
        fail(file);
        Path other = Files.createLink(folder.resolve("other"), file);
        fail(other);
        fail(folder.resolve("missing"));
        assertEquals("the old content", Files.readString(file));
        assertEquals(List.of("file", "other"), names());
    }

    @Test
    void aPipeGetsTheContent() throws Exception {
        Path pipe = folder.resolve("pipe");
        assumeTrue(run("mkfifo", pipe.toString()));
        ExecutorService reader = Executors.newSingleThreadExecutor();
        try {
            Future<byte[]> read = reader.submit(() -> Files.readAllBytes(pipe));
            byte[] content = new byte[300_000];
            Arrays.fill(content, (byte) 7);
            Replacement.write(pipe, stream -> stream.write(content));
            assertArrayEquals(content, read.get(20, TimeUnit.SECONDS));
        } finally {
            reader.shutdownNow();
        }
        assertTrue(Files.readAttributes(pipe, "isOther").containsValue(true), "the pipe is no pipe any more");
        assertEquals(List.of("file", "pipe"), names());
    }

    @Test
    void aDeviceIsWrittenTo() throws Exception {
        Path sink = folder.resolve("null");
        Path full = folder.resolve("full");
        assumeTrue(
                ROOT && run("mknod", sink.toString(), "c", "1", "3") && run("mknod", full.toString(), "c", "1", "7"),
                "only root makes devices");
        write(sink, "new");
        Path link = Files.createSymbolicLink(folder.resolve("link"), full);
        for (Path target : List.of(full, link)) {
            assertTrue(assertThrows(IOException.class, () -> write(target, "new"))
                    .getMessage()
                    .contains("No space left on device"));
        }
        for (Path device : List.of(sink, full)) {
            assertTrue(Files.readAttributes(device, "isOther").containsValue(true), device + " is no device any more");
        }
        assertEquals(List.of("file", "full", "link", "null"), names());
    }

    @Test
    void whatAProcessHasOpenIsWrittenTo() throws Exception {
        Path open = Path.of("/proc/self/fd");
        assumeTrue(Files.isDirectory(open));
        Path gone = Files.createFile(folder.resolve("gone"));
        try (FileOutputStream stream = new FileOutputStream(gone.toFile())) {
            Path descriptor;
            try (Stream<Path> all = Files.list(open)) {
                descriptor = all.filter(one -> {
                            try {
                                return Files.readSymbolicLink(one).equals(gone);
                            } catch (IOException closed) {
                                return false;
                            }
                        })
                        .findFirst()
                        .orElseThrow();
            }
            Files.delete(gone);
            write(descriptor, "new");
            assertEquals("new", Files.readString(descriptor));
            stream.flush();
        }
        assertEquals(List.of("file"), names());
    }

    @Test
    void aDirectoryIsRefused() {
        assertThrows(FileSystemException.class, () -> write(folder, "new"));
        assertTrue(Files.isDirectory(folder));
    }

    @Test
    void aFullDiskLeavesTheOld() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        assumeTrue(ROOT && run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk.toString()));
        try {
            byte[] old = new byte[60_000];
            byte[] tooLong = new byte[300_000];
            Path one = Files.write(disk.resolve("one"), old);
            Path two = Files.createLink(disk.resolve("two"), Files.write(disk.resolve("several"), old));
            // The draft has room, and the copy beside it has not.
            for (byte[] content : List.of(tooLong, Arrays.copyOf(tooLong, 130_000))) {
                for (Path target : content == tooLong ? List.of(one, two) : List.of(two)) {
                    assertThrows(IOException.class, () -> Replacement.write(target, stream -> stream.write(content)));
                    assertArrayEquals(old, Files.readAllBytes(target));
                }
            }
            try (Stream<Path> files = Files.list(disk)) {
                assertEquals(3, files.count());
            }
        } finally {
            assertTrue(run("umount", disk.toString()));
        }
    }

    @Test
    void aMountedFileIsWrittenTo() throws Exception {
        Path mounted = Files.writeString(folder.resolve("mounted"), "outside");
        assumeTrue(ROOT && run("mount", "--bind", mounted.toString(), file.toString()));
        try {
            write(file, "new");
            assertEquals("new", Files.readString(file));
            assertEquals("new", Files.readString(mounted));
        } finally {
            assertTrue(run("umount", file.toString()));
        }
        assertEquals("the old content", Files.readString(file));
        assertEquals(List.of("file", "mounted"), names());
    }

    @Test
    void aFileInADirectoryThatCannotBeWritten() throws Exception {
        assumeTrue(!ROOT || run("setpriv", "--version"), "root writes everywhere");
        Path locked = Files.createDirectory(folder.resolve("locked"));
        Path open = Files.writeString(locked.resolve("open"), "old");
        Path shut = Files.writeString(folder.resolve("shut"), "old");
        for (Path other : List.of(open, shut, folder)) {
            if (ROOT) {
                Files.setAttribute(other, "unix:uid", OTHER_USER);
            }
        }
        Files.setPosixFilePermissions(shut, PosixFilePermissions.fromString("r--r--r--"));
        Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("r-xr-xr-x"));
        Object before = inode(open);
        try {
            assertEquals("written", byAnother(open));
            assertEquals("a new content", Files.readString(open));
            assertEquals(before, inode(open));
            assertEquals("refused: its directory is not writable", byAnother(locked.resolve("missing")));
            assertEquals("refused: the file is write-protected", byAnother(shut));
            assertEquals("old", Files.readString(shut));
        } finally {
            Files.setPosixFilePermissions(locked, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    /** What a writer without root's rights says. */
    private String byAnother(Path target) throws IOException, InterruptedException {
        if (!ROOT) {
            return said(target);
        }
        String user = Integer.toString(OTHER_USER);
        Process process =
                fork(List.of("setpriv", "--reuid", user, "--regid", user, "--clear-groups"), "once", target.toString());
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), said);
        return said.strip();
    }

    private static String said(Path target) throws IOException {
        try {
            write(target, "a new content");
            return "written";
        } catch (AccessDeniedException refused) {
            return "refused: " + refused.getReason();
        }
    }

    private static Process fork(List<String> before, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(before);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx32m",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                Writer.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /** A program that writes: "once", or "forever" without coming to an end. */
    static final class Writer {

        private Writer() {}

        public static void main(String[] arguments) throws IOException {
            Path target = Path.of(arguments[1]);
            if (arguments[0].equals("once")) {
                System.out.println(said(target));
                return;
            }
            Replacement.write(target, stream -> {
                stream.write(1);
                System.out.println("writing");
                System.in.read();
            });
        }
    }

    @Test
    void onlyWhatDeadWritersLeftIsClearedAway() throws Exception {
        Process writer = fork(List.of(), "forever", file.toString());
        try {
            assertEquals('w', writer.getInputStream().read());
            assertEquals(2, names().size());
            write(folder.resolve("another"), "new");
            assertEquals(3, names().size(), "the draft of a live writer is gone: " + names());
        } finally {
            writer.destroyForcibly().waitFor();
        }
        assertEquals("the old content", Files.readString(file));
        Files.writeString(folder.resolve(".lowrank4j-notes.writing"), "the user's own");
        Files.createDirectory(folder.resolve(".lowrank4j-1f-2e.writing"));
        write(folder.resolve("another"), "newer");
        assertEquals(List.of(".lowrank4j-1f-2e.writing", ".lowrank4j-notes.writing", "another", "file"), names());
    }

    @Test
    void aNameMayBeAsLongAsTheFileSystemAllows() throws IOException {
        Path longest = folder.resolve("n".repeat(255));
        for (String content : List.of("new", "newer")) {
            write(longest, content);
            assertEquals(content, Files.readString(longest));
        }
        assertEquals(2, names().size());
    }

    @Test
    void interruptsDoNotReachAWrite() throws IOException {
        Thread.currentThread().interrupt();
        try {
            write(file, "new");
        } finally {
            assertTrue(Thread.interrupted(), "the interrupt was lost");
        }
        assertEquals("new", Files.readString(file));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void writersOfOneFileDoNotMix(boolean severalNames) throws Exception {
        if (severalNames) {
            Files.createLink(folder.resolve("other"), file);
        }
        Files.write(file, new byte[100_000]);
        int writers = 4;
        ExecutorService threads = Executors.newFixedThreadPool(writers + 1);
        try {
            AtomicBoolean done = new AtomicBoolean();
            Future<?> reader = threads.submit(() -> {
                while (!done.get()) {
                    assertWhole(file);
                }
                return null;
            });
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < writers; i++) {
                byte[] content = new byte[100_000];
                Arrays.fill(content, (byte) i);
                running.add(threads.submit(() -> {
                    for (int turn = 0; turn < 10; turn++) {
                        Replacement.write(file, stream -> halves(content, stream));
                    }
                    return null;
                }));
            }
            for (Future<?> one : running) {
                one.get(60, TimeUnit.SECONDS);
            }
            done.set(true);
            if (!severalNames) {
                reader.get(60, TimeUnit.SECONDS);
            }
        } finally {
            threads.shutdownNow();
        }
        assertWhole(file);
        assertEquals(severalNames ? List.of("file", "other") : List.of("file"), names());
    }

    private static void halves(byte[] content, OutputStream stream) throws IOException {
        stream.write(content, 0, content.length / 2);
        Thread.yield();
        stream.write(content, content.length / 2, content.length - content.length / 2);
    }

    private static void assertWhole(Path file) throws IOException {
        byte[] content = Files.readAllBytes(file);
        byte[] expected = new byte[100_000];
        Arrays.fill(expected, content.length == 0 ? -1 : content[0]);
        assertArrayEquals(expected, content);
    }

    @Test
    void anotherFileSystemIsWrittenToAsItIs() throws IOException {
        Path zip = folder.resolve("archive.zip");
        try (FileSystem archive = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
            Path entry = archive.getPath("entry");
            write(entry, "the old content");
            write(entry, "new");
            assertEquals("new", Files.readString(entry));
        }
    }
}
