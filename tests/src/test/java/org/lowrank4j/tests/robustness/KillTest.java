package org.lowrank4j.tests.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.tests.ForkedJvm;
import org.lowrank4j.tests.robustness.program.EndlessWriter;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A writer is killed (SIGKILL) at random points of saving, merging and converting; each file must then be the old one or
 * the new one, whole, and the next writer clears away what was left. Swapping adapters on a network writes no file.
 */
@Tag("robustness")
class KillTest {

    private static final int KILLS = Integer.getInteger("robustness.kills", 3);
    private static final long SEED = Long.getLong("robustness.seed", 1);
    private static final int LATEST_MILLIS = 150;
    private static final List<String> TARGETS = List.of("saved.zip", "merged.zip", "adapter", "converted.zip");

    @TempDir
    Path folder;

    @Test
    void aKilledWriterLeavesTheOldOrTheNew() throws IOException, InterruptedException {
        MultiLayerNetwork base = Samples.network(1);
        base.save(folder.resolve("base.zip").toFile(), false);
        PeftDirectory.write(Samples.adapter(10, base), folder.resolve("first"));
        PeftDirectory.write(Samples.adapter(20, base), folder.resolve("second"));
        EndlessWriter.write(folder, Samples.network(2), "second");
        Map<String, String> second = contents();
        EndlessWriter.write(folder, base, "first");
        Map<String, String> first = contents();
        TARGETS.forEach(target -> assertTrue(!first.get(target).equals(second.get(target)), target));

        Random random = new Random(SEED);
        int unfinished = 0;
        int ofFirst = 0;
        Set<Path> left = Set.of();
        for (int kill = 0; kill < KILLS; kill++) {
            long after = random.nextInt(LATEST_MILLIS);
            killWriter(after, left);
            left = unfinished();
            unfinished += left.size();
            for (String target : TARGETS) {
                String content = content(target);
                boolean isFirst = content.equals(first.get(target));
                ofFirst += isFirst ? 1 : 0;
                assertTrue(
                        isFirst || content.equals(second.get(target)),
                        "kill " + kill + " of seed " + SEED + ", " + after + " ms in: " + target
                                + " is neither the old nor the new one");
            }
        }
        EndlessWriter.write(folder, base, "first");
        assertEquals(Set.of(), unfinished(), "left by killed writers");
        System.out.println("result kill: " + KILLS + " kills, seed " + SEED + ": " + KILLS * TARGETS.size()
                + " files whole (" + ofFirst + " of the one content, " + (KILLS * TARGETS.size() - ofFirst)
                + " of the other), " + unfinished + " kills within a write");
        // Otherwise the writer was never killed where it matters.
        assertTrue(KILLS < 50 || unfinished > 0, "no kill fell into a write");
    }

    /**
     * Lets a writer write everything once, and kills it while it goes on.
     *
     * @param left by the writer before, which must be gone by then
     */
    private void killWriter(long millisAfterFirstTurn, Set<Path> left) throws IOException, InterruptedException {
        Path said = folder.resolve("said.txt");
        Process writer = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        ForkedJvm.classPath(entry -> true),
                        EndlessWriter.class.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        try {
            long patience = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
            while (!Files.readString(said).contains("turn 0")) {
                assertTrue(
                        writer.isAlive() && System.nanoTime() < patience,
                        "the writer failed:\n" + Files.readString(said));
                Thread.sleep(5);
            }
            left.forEach(file -> assertFalse(Files.exists(file), "left by a killed writer: " + file));
            Thread.sleep(millisAfterFirstTurn);
            assertTrue(writer.isAlive(), "the writer ended by itself:\n" + Files.readString(said));
        } finally {
            writer.destroyForcibly().waitFor();
        }
    }

    /** Files beside the targets that were not yet moved into place. */
    private Set<Path> unfinished() throws IOException {
        Set<Path> unfinished = new TreeSet<>();
        for (Path directory : List.of(folder, folder.resolve("adapter"))) {
            try (Stream<Path> files = Files.list(directory)) {
                files.filter(file -> file.toString().endsWith(".writing")).forEach(unfinished::add);
            }
        }
        return unfinished;
    }

    private Map<String, String> contents() throws IOException {
        Map<String, String> contents = new TreeMap<>();
        for (String target : TARGETS) {
            contents.put(target, content(target));
        }
        return contents;
    }

    /** All numbers of a file, to the last bit. */
    private String content(String target) throws IOException {
        Path file = folder.resolve(target);
        StringBuilder content = new StringBuilder();
        if (target.endsWith(".zip")) {
            ModelFile model = ModelFile.read(file);
            append("parameters", model.network().params(), content);
            if (model.adapters() != null) {
                new TreeMap<>(model.adapters().tensors()).forEach((name, array) -> append(name, array, content));
            }
            return content.toString();
        }
        Adapter adapter = PeftDirectory.read(file);
        adapter.layers().forEach((name, layer) -> {
            content.append(name).append(' ').append(layer.scale());
            append("A", layer.a(), content);
            append("B", layer.b(), content);
        });
        adapter.parameters().forEach((layer, arrays) -> arrays.forEach((name, array) -> append(name, array, content)));
        return content.toString();
    }

    private static void append(String name, INDArray array, StringBuilder content) {
        content.append(name)
                .append(Arrays.toString(array.dup('c').reshape(array.length()).toFloatVector()))
                .append('\n');
    }
}
