package org.lowrank4j.tests.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.LowRankException;
import org.lowrank4j.adapter.Adapter;
import org.lowrank4j.adapter.AdapterSet;
import org.lowrank4j.adapter.ModelFile;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.file.AdapterEntry;
import org.lowrank4j.file.Safetensors;
import org.lowrank4j.file.StoredModel;
import org.lowrank4j.file.Tensors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Damaged files are read or refused with an explanation, and nothing else happens: no other exception, no memory for what
 * a file merely claims to hold, no file left behind, no network changed by half.
 *
 * <p>Of all inputs, one half are safetensors data, three tenths directories in PEFT's layout, one fifth model zips.
 */
@Tag("robustness")
class FuzzTest {

    private static final int INPUTS = Integer.getInteger("robustness.inputs", 2_000);
    private static final long SEED = Long.getLong("robustness.seed", 1);

    /** All that reading may allocate on the heap, garbage included: a constant, and per byte of the content. */
    private record Limit(long constant, long perByte) {}

    /** Arenas of the C library, and arrays that wait for the collector. Fewer bytes than damaged files claim to hold. */
    private static final long OFF_HEAP = 320L << 20;

    @TempDir
    Path folder;

    /** Reads damaged content. */
    private interface Reading {
        void read(byte[] content) throws IOException;
    }

    /** What became of the inputs. */
    private static final class Outcome {
        private int read;
        private int refused;
        private long most;

        @Override
        public String toString() {
            return read + " read, " + refused + " refused; at most " + most + " bytes of heap for one";
        }
    }

    private static void tryOne(int number, byte[] content, long size, Limit limit, Reading reading, Outcome outcome) {
        long before = Memory.allocatedByThisThread();
        try {
            reading.read(content);
            outcome.read++;
        } catch (LowRankException explained) {
            assertTrue(explained.getMessage() != null && explained.getMessage().length() > 20, explained::toString);
            outcome.refused++;
        } catch (IOException | RuntimeException | Error failed) {
            throw new AssertionError(
                    "input " + number + " of seed " + SEED + " is not refused but fails: " + failed + "\n"
                            + shown(content),
                    failed);
        }
        long allocated = Memory.allocatedByThisThread() - before;
        outcome.most = Math.max(outcome.most, allocated);
        assertTrue(
                allocated <= limit.constant() + limit.perByte() * size,
                () -> "input " + number + " of seed " + SEED + " has " + size + " bytes, and reading it allocated "
                        + allocated + "\n" + shown(content));
    }

    private static String shown(byte[] content) {
        return HexFormat.of().formatHex(content, 0, Math.min(content.length, 2_000));
    }

    private static long addressSpace() throws IOException {
        return Memory.knowsAddressSpace() ? Memory.peakOfAddressSpace() : 0;
    }

    private static void finish(String what, Outcome outcome, int inputs, long before) throws IOException {
        System.out.println("result " + what + ": " + inputs + " inputs, seed " + SEED + ": " + outcome
                + "; address space grew by " + (addressSpace() - before) / (1 << 20) + " MiB");
        assertEquals(inputs, outcome.read + outcome.refused);
        assertTrue(outcome.refused > inputs / 4, () -> "too few inputs are damaged: " + outcome);
        assertTrue(outcome.read > inputs / 1000, () -> "too few inputs are still readable: " + outcome);
        assertTrue(addressSpace() - before <= OFF_HEAP, what + " took memory outside the heap");
    }

    @Test
    void safetensors() throws IOException {
        List<byte[]> originals = new ArrayList<>();
        originals.add(written(Map.of("a", Samples.random(1, 3, 4))));
        originals.add(written(Map.of("a", Samples.random(2, 5), "b", Nd4j.createFromArray(1L, 2L, 3L))));
        originals.add(written(Map.of(
                "half", Samples.random(3, 2, 2, 2).castTo(DataType.FLOAT16),
                "truth", Nd4j.createFromArray(true, false, true),
                "wide", Samples.random(4, 7, 9).castTo(DataType.DOUBLE))));
        Mutations mutations = new Mutations(new Random(SEED));
        Outcome outcome = new Outcome();
        originals.forEach(Safetensors::read);
        long before = addressSpace();
        int inputs = INPUTS / 2;
        Limit limit = new Limit(512 << 10, 64);
        for (int i = 0; i < inputs; i++) {
            byte[] content = mutations.of(originals);
            tryOne(i, content, content.length, limit, Safetensors::read, outcome);
        }
        finish("safetensors", outcome, inputs, before);
    }

    private static byte[] written(Map<String, INDArray> tensors) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Safetensors.write(new Tensors(tensors, Map.of("format", "pt")), out);
        return out.toByteArray();
    }

    /** What is read is tried on a network, which must then be as it was or wholly changed, and come back bit for bit. */
    @Test
    void peftDirectories() throws IOException {
        MultiLayerNetwork network = Samples.network(1);
        INDArray untouched = network.params().dup();
        Path original = folder.resolve("original");
        PeftDirectory.write(Samples.adapter(5, network), original);
        List<byte[]> both = Samples.filesIn(original, PeftDirectory.CONFIG, PeftDirectory.TENSORS);
        Path damaged = Files.createDirectories(folder.resolve("damaged"));
        Mutations mutations = new Mutations(new Random(SEED + 1));
        Outcome outcome = new Outcome();
        assertTrue(use(PeftDirectory.read(original), network, untouched));
        long before = addressSpace();
        int inputs = INPUTS * 3 / 10;
        int used = 0;
        for (int i = 0; i < inputs; i++) {
            // The configuration twice as often: the tensors have a test of their own.
            boolean ofConfig = i % 3 != 0;
            byte[] content = mutations.of(List.of(both.get(ofConfig ? 0 : 1)));
            Files.write(damaged.resolve(PeftDirectory.CONFIG), ofConfig ? content : both.get(0));
            Files.write(damaged.resolve(PeftDirectory.TENSORS), ofConfig ? both.get(1) : content);
            long size = content.length + both.get(ofConfig ? 1 : 0).length;
            List<Adapter> adapters = new ArrayList<>();
            tryOne(
                    i,
                    content,
                    size,
                    new Limit(2 << 20, 64),
                    bytes -> adapters.add(PeftDirectory.read(damaged)),
                    outcome);
            used += adapters.isEmpty() || !use(adapters.get(0), network, untouched) ? 0 : 1;
        }
        assertEquals(Set.of(PeftDirectory.CONFIG, PeftDirectory.TENSORS), names(damaged));
        assertTrue(used > 0, "no adapter could be used");
        finish("PEFT directories (" + used + " adapters used)", outcome, inputs, before);
    }

    /** Wrong content that only hashes, types, values or the other file tell from right. */
    @Test
    void forgeries() throws IOException {
        Path forged = Files.createDirectories(folder.resolve("forged"));
        Forgeries forgeries = new Forgeries(sound(), new Random(SEED + 3));
        int inputs = INPUTS / 10;
        for (int i = 0; i < inputs; i++) {
            Forgeries.Kind kind = Forgeries.Kind.values()[i % Forgeries.Kind.values().length];
            forgeries.write(kind, forged);
            long begun = System.nanoTime();
            LowRankException refused =
                    assertThrows(LowRankException.class, () -> PeftDirectory.read(forged), kind + " of seed " + SEED);
            assertTrue(System.nanoTime() - begun < 5_000_000_000L, kind + " takes long");
            assertTrue(refused.getMessage().length() < 1_000, () -> kind + " is echoed: " + refused.getMessage());
        }
        System.out.println("result forgeries: " + inputs + " refused, seed " + SEED);
    }

    /** The zip's own checksums are right, as after damage before it was packed. */
    @Test
    void statesWithOneOtherBit() throws IOException {
        Map<String, byte[]> entries = Samples.entries(Samples.zip(Samples.network(1), 3));
        byte[] state = entries.get(AdapterEntry.NAME);
        Forgeries forgeries = new Forgeries(sound(), new Random(SEED + 4));
        Path file = folder.resolve("model.zip");
        int inputs = INPUTS / 20;
        for (int i = 0; i < inputs; i++) {
            entries.put(AdapterEntry.NAME, forgeries.flipped(state, 8));
            Files.write(file, Samples.zipped(entries));
            assertThrows(LowRankException.class, () -> ModelFile.read(file), "number " + i + " of seed " + SEED);
        }
    }

    private Path sound() throws IOException {
        Path original = folder.resolve("original");
        PeftDirectory.write(Samples.adapter(5, Samples.network(1)), original);
        return original;
    }

    private static boolean use(Adapter adapter, MultiLayerNetwork network, INDArray untouched) {
        AdapterSet set = AdapterSet.on(network);
        try {
            set.add("damaged", adapter);
            set.activate("damaged");
            set.disable();
            return true;
        } catch (LowRankException unfit) {
            return false;
        } finally {
            assertTrue(
                    Arrays.equals(
                            untouched.toFloatVector(),
                            network.params().dup().reshape(untouched.length()).toFloatVector()),
                    "the network is not as it was");
        }
    }

    private static Set<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            Set<String> names = new TreeSet<>();
            files.forEach(file -> names.add(file.getFileName().toString()));
            return names;
        }
    }

    /** What is refused for its weights is refused for its network, too. */
    private static void readBoth(Path file) throws IOException {
        try {
            StoredModel.read(file);
        } catch (LowRankException refused) {
            assertThrows(LowRankException.class, () -> ModelFile.read(file));
            throw refused;
        }
        ModelFile.read(file);
    }

    /**
     * A third of the zips are damaged as bytes, a third have correct checksums around damaged entries, and a third say
     * what is not so of entries that are sound.
     */
    @Test
    void modelZips() throws IOException {
        List<byte[]> zips = List.of(Samples.zip(Samples.network(1), 3), Samples.zip(Samples.graph(2), 4));
        List<Map<String, byte[]>> opened = new ArrayList<>();
        for (byte[] zip : zips) {
            opened.add(Samples.entries(zip));
        }
        Path file = folder.resolve("model.zip");
        Random random = new Random(SEED + 2);
        Mutations mutations = new Mutations(random);
        ZipDamage damage = new ZipDamage(random);
        Outcome outcome = new Outcome();
        for (byte[] zip : zips) {
            Files.write(file, zip);
            ModelFile.read(file);
        }
        long before = addressSpace();
        int inputs = INPUTS / 5;
        for (int i = 0; i < inputs; i++) {
            byte[] content;
            long size;
            Map<String, byte[]> entries = new LinkedHashMap<>(opened.get(random.nextInt(opened.size())));
            if (i % 3 == 0) {
                content = mutations.of(zips);
                size = content.length;
            } else if (i % 3 == 1) {
                content = damage.of(entries, ModelSerializer.COEFFICIENTS_BIN);
                size = content.length;
            } else {
                String name = List.copyOf(entries.keySet()).get(random.nextInt(entries.size()));
                entries.put(name, mutations.of(List.of(entries.get(name))));
                content = Samples.zipped(entries);
                size = entries.values().stream()
                        .mapToLong(entry -> entry.length)
                        .sum();
            }
            Files.write(file, content);
            // A network is made of what is read, which takes a constant that is larger than all of these files.
            tryOne(i, content, size, new Limit(8 << 20, 64), bytes -> readBoth(file), outcome);
        }
        assertEquals(Set.of("model.zip"), names(folder));
        finish("model zips", outcome, inputs, before);
    }
}
