package org.lowrank4j.tests.robustness;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.command.Commands;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Everything that writes, onto everything that can be there: a training's save, the command line's merge and convert, and
 * an adapter's directory. Devices and full disks need root and are skipped without.
 */
@Tag("robustness")
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "pipes, devices, hard links and owners as POSIX has them")
class SaveTargetsTest {

    private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

    /** Something that writes to a path, and throws if it could not. */
    private interface Writer {
        void write(Path target) throws IOException;
    }

    @TempDir
    Path folder;

    private List<Writer> writers;

    @BeforeEach
    void somethingToWrite() throws IOException {
        MultiLayerNetwork base = Samples.network(1);
        base.save(folder.resolve("base.zip").toFile(), false);
        PeftDirectory.write(Samples.adapter(10, base), folder.resolve("adapter"));
        ComputationGraph network = trained();
        Path zip = folder.resolve("base.zip");
        Path adapter = folder.resolve("adapter");
        writers = List.of(
                target -> network.save(target.toFile(), true),
                target -> command("merge", zip, adapter, "-o", target),
                target -> command("convert", adapter, "--base", zip, "-o", target));
    }

    @LowRank(
            rank = 2,
            layers = {"one", "two"})
    private static ComputationGraph trained() {
        ComputationGraph network = Samples.graph(2);
        INDArray labels = Nd4j.zeros(8, 3);
        for (int i = 0; i < 8; i++) {
            labels.putScalar(i, i % 3, 1);
        }
        network.fit(new DataSet(Samples.random(3, 8, Samples.INPUTS), labels));
        return network;
    }

    private static void command(Object... arguments) throws IOException {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(said, true, StandardCharsets.UTF_8);
        String[] texts = Stream.concat(Stream.of(arguments), Stream.of("--force"))
                .map(Object::toString)
                .toArray(String[]::new);
        if (Commands.run(texts, stream, stream, "test", entry -> {}, hooks -> true) != 0) {
            throw new IOException(said.toString(StandardCharsets.UTF_8));
        }
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).inheritIO().start().waitFor() == 0;
    }

    private static INDArray parameters(Path file) throws IOException {
        return ModelFile.read(file).network().params();
    }

    /** What a writer gives when nothing is in its way. */
    private INDArray expected(Writer writer) throws IOException {
        Path plain = folder.resolve("plain.zip");
        writer.write(plain);
        INDArray parameters = parameters(plain);
        Files.delete(plain);
        return parameters;
    }

    @Test
    void theSaveIsThatOfAnAdaptedTraining() throws IOException {
        Path saved = folder.resolve("saved.zip");
        writers.get(0).write(saved);
        assertNotNull(ModelFile.read(saved).adapters());
    }

    @Test
    void aPipe() throws Exception {
        Path pipe = folder.resolve("pipe.zip");
        assumeTrue(run("mkfifo", pipe.toString()));
        ExecutorService reader = Executors.newSingleThreadExecutor();
        try {
            for (Writer writer : writers) {
                INDArray expected = expected(writer);
                Path received = folder.resolve("received.zip");
                Future<Path> read = reader.submit(() -> Files.write(received, Files.readAllBytes(pipe)));
                writer.write(pipe);
                read.get(60, TimeUnit.SECONDS);
                assertEquals(expected, parameters(received));
                assertTrue(Files.readAttributes(pipe, BasicFileAttributes.class).isOther(), "the pipe is gone");
            }
        } finally {
            reader.shutdownNow();
        }
        assertNothingLeft();
    }

    @Test
    void devices() throws Exception {
        Path sink = folder.resolve("null.zip");
        Path full = folder.resolve("full.zip");
        assumeTrue(
                ROOT && run("mknod", sink.toString(), "c", "1", "3") && run("mknod", full.toString(), "c", "1", "7"),
                "only root makes devices");
        for (Writer writer : writers) {
            writer.write(sink);
            String refused =
                    assertThrows(IOException.class, () -> writer.write(full)).getMessage();
            assertTrue(refused.contains("No space left on device"), refused);
            for (Path device : List.of(sink, full)) {
                assertTrue(
                        Files.readAttributes(device, BasicFileAttributes.class).isOther(), device + " is gone");
            }
        }
        assertNothingLeft();
    }

    @Test
    void namesAndLinksOfOneFile() throws IOException {
        for (Writer writer : writers) {
            INDArray expected = expected(writer);
            Path first = Files.writeString(folder.resolve("first.zip"), "old");
            Path second = Files.createLink(folder.resolve("second.zip"), first);
            Path link = Files.createSymbolicLink(folder.resolve("link.zip"), Path.of("second.zip"));
            Path dangling = Files.createSymbolicLink(folder.resolve("dangling.zip"), Path.of("made.zip"));
            writer.write(link);
            writer.write(dangling);
            for (Path file : List.of(first, second, link, folder.resolve("made.zip"))) {
                assertEquals(expected, parameters(file));
            }
            assertTrue(Files.isSymbolicLink(link) && Files.isSymbolicLink(dangling));
            assertTrue(Files.isSameFile(first, second), "the names went apart");
            for (String made : List.of("first.zip", "second.zip", "link.zip", "dangling.zip", "made.zip")) {
                Files.delete(folder.resolve(made));
            }
        }
        assertNothingLeft();
    }

    @Test
    void aDirectoryOfWhichTheFilesAreLinks() throws IOException {
        Path adapter = folder.resolve("adapter");
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Path tensors = adapter.resolve(PeftDirectory.TENSORS);
        Path config = adapter.resolve(PeftDirectory.CONFIG);
        Path other = Files.createLink(elsewhere.resolve("tensors"), tensors);
        Files.move(config, elsewhere.resolve("config"));
        Files.createSymbolicLink(config, Path.of("../elsewhere/config"));
        byte[] before = Files.readAllBytes(tensors);
        PeftDirectory.write(Samples.adapter(30, Samples.network(1)), adapter);
        assertTrue(Files.isSameFile(tensors, other) && Files.isSymbolicLink(config));
        assertFalse(Arrays.equals(before, Files.readAllBytes(other)), "the other name has the old");
        assertEquals(
                Samples.random(30, Samples.INPUTS, 3),
                PeftDirectory.read(adapter).layers().get("one").a());
        assertNothingLeft();
    }

    @Test
    void aFullDisk() throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        assumeTrue(
                ROOT && run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk.toString()), "only root mounts");
        try {
            Path filling = disk.resolve("filling");
            for (Writer writer : writers) {
                Path target = disk.resolve("target.zip");
                writer.write(target);
                byte[] old = Files.readAllBytes(target);
                fill(filling);
                String refused = assertThrows(IOException.class, () -> writer.write(target))
                        .getMessage();
                assertTrue(refused.contains("No space left on device"), refused);
                assertArrayEquals(old, Files.readAllBytes(target));
                assertNothingLeft();
                Files.delete(filling);
                writer.write(target);
                assertEquals(expected(writer), parameters(target));
            }
        } finally {
            assertTrue(run("umount", disk.toString()));
        }
    }

    private static void fill(Path file) throws IOException {
        try (OutputStream stream = Files.newOutputStream(file)) {
            while (true) {
                stream.write(new byte[4096]);
            }
        } catch (IOException full) {
            assertTrue(full.getMessage().contains("No space left"), full::toString);
        }
    }

    private void assertNothingLeft() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            assertFalse(files.anyMatch(file -> file.toString().endsWith(".writing")), "a draft was left");
        }
    }
}
