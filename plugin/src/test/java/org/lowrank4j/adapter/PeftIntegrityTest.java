package org.lowrank4j.adapter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.ContentHash;
import org.lowrank4j.file.Replacement;
import org.lowrank4j.file.Safetensors;
import org.lowrank4j.file.Tensors;

/** Changed bits are told from writers that were killed between the two files of an adapter. */
class PeftIntegrityTest {

    @TempDir
    Path directory;

    private Path tensors;
    private Path config;
    private final Adapter adapter = SmallNetworks.adapter(5, SmallNetworks.sequential(1));

    @BeforeEach
    void write() throws IOException {
        tensors = directory.resolve(PeftDirectory.TENSORS);
        config = directory.resolve(PeftDirectory.CONFIG);
        PeftDirectory.write(adapter, directory);
    }

    @Test
    void whatWasWrittenIsProvenByItsHash() throws IOException {
        PeftDirectory.Contents read = PeftDirectory.open(directory);
        assertTrue(read.hashed());
        assertEquals(List.of(), read.notes());
        PeftDirectoryTest.assertSame(adapter, read.adapter());
    }

    /** Exponents would give wild numbers; the lowest bit of the last byte a number that looks as good as any. */
    @Test
    void noFlippedBitOfTheTensorsIsTakenForAKilledWriter() throws IOException {
        byte[] sound = Files.readAllBytes(tensors);
        for (int at = 8; at < sound.length; at += 7) {
            byte[] flipped = sound.clone();
            flipped[at] ^= (byte) (1 << at % 8);
            Files.write(tensors, flipped);
            LowRankException refused = assertThrows(LowRankException.class, () -> PeftDirectory.read(directory));
            assertTrue(refused.getMessage().contains(PeftDirectory.TENSORS), refused.getMessage());
        }
        byte[] last = sound.clone();
        last[last.length - 1] ^= 1;
        Files.write(tensors, last);
        assertRefused("it is damaged: its content has the SHA-256");
        Files.delete(config);
        assertRefused("it is damaged: its content has the SHA-256");
    }

    @Test
    void aKilledWriterLeavesTheNewAdapterAndIsSpokenOf() throws IOException {
        Adapter changed = SmallNetworks.adapter(9, SmallNetworks.sequential(1));
        byte[] older = Files.readAllBytes(config);
        PeftDirectory.write(changed, directory);
        Files.write(config, older);
        PeftDirectory.Contents read = PeftDirectory.open(directory);
        PeftDirectoryTest.assertSame(changed, read.adapter());
        assertTrue(read.notes().get(0).contains("a writer was interrupted"), read::toString);
        assertTrue(read.hashed());
    }

    @Test
    void earlierVersionsWroteNoHashIntoTheTensors() throws IOException {
        asEarlierVersionsWrote();
        PeftDirectory.Contents read = PeftDirectory.open(directory);
        PeftDirectoryTest.assertSame(adapter, read.adapter());
        assertTrue(read.hashed(), "the configuration has the hash of the file");

        byte[] flipped = Files.readAllBytes(tensors);
        flipped[flipped.length - 1] ^= 1;
        Files.write(tensors, flipped);
        assertRefused("is not the file that adapter_config.json was written for");

        // Nothing proves it then, and that is said.
        Files.delete(config);
        PeftDirectory.Contents copied = PeftDirectory.open(directory);
        assertFalse(copied.hashed());
        assertTrue(copied.notes().get(0).contains("is missing"), copied::toString);
    }

    private void asEarlierVersionsWrote() throws IOException {
        Tensors written = Safetensors.read(tensors);
        Map<String, String> metadata = new TreeMap<>(written.metadata());
        metadata.remove("lowrank4j.sha256");
        String now = ContentHash.ofFile(tensors);
        Replacement.write(tensors, stream -> Safetensors.write(new Tensors(written.tensors(), metadata), stream));
        Files.writeString(config, Files.readString(config).replace(now, ContentHash.ofFile(tensors)));
    }

    @Test
    void adaptersOfOtherLibrariesHaveNoHashAndAreRead() throws IOException {
        Tensors written = Safetensors.read(tensors);
        Map<String, org.nd4j.linalg.api.ndarray.INDArray> plain = new TreeMap<>(written.tensors());
        plain.keySet().removeIf(name -> name.startsWith("lowrank4j/"));
        Replacement.write(tensors, stream -> Safetensors.write(new Tensors(plain, Map.of("format", "pt")), stream));
        String text = Files.readString(config);
        Files.writeString(config, text.substring(0, text.lastIndexOf(",", text.indexOf("\"lowrank4j\""))) + "}");
        PeftDirectory.Contents read = PeftDirectory.open(directory);
        assertFalse(read.hashed());
        assertEquals(adapter.layers().keySet(), read.adapter().layers().keySet());
    }

    @Test
    void anEditOfTheConfigurationCountsAndIsSpokenOf() throws IOException {
        String text = Files.readString(config);
        Files.writeString(config, text.replaceFirst("\"lora_alpha\" : \\d+", "\"lora_alpha\" : 99"));
        PeftDirectory.Contents read = PeftDirectory.open(directory);
        assertTrue(read.notes().get(0).contains("was edited after it was written: lora_alpha ("), read::toString);
    }

    @Test
    void tensorsUnderTheConfigurationOfOthersAreRefused() throws IOException {
        byte[] ours = Files.readAllBytes(config);
        String text = new String(ours, StandardCharsets.UTF_8);
        Files.writeString(config, text.substring(0, text.lastIndexOf(",", text.indexOf("\"lowrank4j\""))) + "}");
        assertRefused("does not name its tensors");
        Tensors written = Safetensors.read(tensors);
        Replacement.write(
                tensors, stream -> Safetensors.write(new Tensors(written.tensors(), Map.of("format", "pt")), stream));
        Files.write(config, ours);
        assertRefused("is not the file that adapter_config.json was written for");
    }

    private void assertRefused(String why) {
        LowRankException refused = assertThrows(LowRankException.class, () -> PeftDirectory.read(directory));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }
}
