package org.lowrank4j.adapter;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.ContentHash;
import org.lowrank4j.file.PackedTensors;
import org.lowrank4j.file.Replacement;
import org.lowrank4j.file.Safetensors;
import org.lowrank4j.file.Tensors;
import org.lowrank4j.method.Excerpt;

/**
 * An adapter as a directory in the layout of the PEFT library: {@code adapter_config.json} and {@code
 * adapter_model.safetensors}. Layer names become module paths; {@link Adapter#renamed} maps them to those of a model that
 * names its layers otherwise. What PEFT has no place for is under the one key {@code lowrank4j} of the configuration, or
 * in tensors named {@code lowrank4j/LAYER/PARAMETER}; PEFT passes over both.
 *
 * <p>Reading a directory that was written here gives the same adapter, bit for bit.
 *
 * <p>Each file is replaced as a whole. The configuration carries the hash of its file of tensors, and the tensors a copy of
 * their configuration and a hash of their own. So damage and an interrupted writer are told apart: tensors that are not
 * what their own hash says are damaged, and sound tensors beside the configuration of others were written by a writer
 * that was killed between the two files; then their copy is taken. A reader finds the old adapter or the new one, never a
 * mix, and never one with a changed bit.
 */
public final class PeftDirectory {

    /** The file with the settings. */
    public static final String CONFIG = "adapter_config.json";

    /** The file with the tensors. */
    public static final String TENSORS = "adapter_model.safetensors";

    /** More than any configuration of an adapter takes. */
    private static final long LONGEST_CONFIG = 16 << 20;

    private static final String CONFIG_COPY = "lowrank4j.config";

    private PeftDirectory() {}

    /**
     * Writes an adapter.
     *
     * @param directory is made if it is missing; its files of the same names are replaced, others stay
     * @throws IOException if it cannot be written; an adapter that was there is as it was
     * @throws LowRankException if only some layers have magnitudes, which PEFT cannot express
     */
    public static void write(Adapter adapter, Path directory) throws IOException {
        write(adapter, directory, false);
    }

    /**
     * The same in less room where factors hold few different numbers, as those of a training with the key {@code bits}
     * do: each number is a place in a table. Reading gives the same bits; PEFT refuses such a directory, by its type.
     */
    public static void writePacked(Adapter adapter, Path directory) throws IOException {
        write(adapter, directory, true);
    }

    private static void write(Adapter adapter, Path directory, boolean packed) throws IOException {
        String config = PeftConfigText.of(adapter, packed, null);
        Map<String, String> metadata = new TreeMap<>();
        metadata.put("format", "pt");
        metadata.put(CONFIG_COPY, config);
        Tensors plain = new Tensors(PeftTensors.write(adapter), metadata);
        Tensors tensors = ContentHash.added(packed ? PackedTensors.pack(plain) : plain);
        Files.createDirectories(directory);
        Path file = directory.resolve(TENSORS);
        Replacement.write(file, stream -> Safetensors.write(tensors, stream));
        String complete = PeftConfigText.of(adapter, packed, ContentHash.ofFile(file));
        Replacement.write(directory.resolve(CONFIG), complete);
    }

    /**
     * What a directory holds.
     *
     * @param hashed whether a hash says that no bit of the tensors changed; adapters of other libraries have none
     * @param notes what else there is to say of the files, one sentence each
     */
    public record Contents(Adapter adapter, boolean hashed, List<String> notes) {

        public Contents {
            notes = List.copyOf(notes);
        }
    }

    /**
     * Reads an adapter. Sixteen-bit factors become FLOAT.
     *
     * @param directory that PEFT, or {@link #write}, wrote
     * @throws IOException if a file cannot be read
     * @throws LowRankException if a file is damaged, the files do not belong together, or the adapter is of a kind that
     *     cannot be represented here; the message says which setting or tensor
     */
    public static Adapter read(Path directory) throws IOException {
        return open(directory).adapter();
    }

    /** The same with what was found out about the files. */
    public static Contents open(Path directory) throws IOException {
        Path file = directory.resolve(TENSORS);
        if (!Files.isRegularFile(file)) {
            if (!Files.exists(directory)) {
                throw new LowRankException("There is no directory " + directory.toAbsolutePath()
                        + ", where an adapter in PEFT's layout was looked for.");
            }
            throw new LowRankException(directory + " has no " + TENSORS + ", so it is no adapter in PEFT's layout."
                    + (Files.isRegularFile(directory.resolve("adapter_model.bin"))
                            ? " It has an adapter_model.bin, which can run code when it is read: save it as safetensors"
                                    + " where it was made."
                            : ""));
        }
        // The configuration first: if a writer replaces both files meanwhile, its hash is not that of these tensors.
        String text = text(directory.resolve(CONFIG));
        Tensors tensors = Safetensors.read(file);
        try {
            boolean hashed = hashed(tensors);
            List<String> notes = new ArrayList<>();
            PeftConfig settings = settings(directory, text, tensors, hashed, notes);
            boolean hashedByConfig = settings.tensorsHash() != null;
            Adapter adapter = PeftTensors.read(settings, unpacked(tensors).tensors());
            notes.addAll(PeftScope.check(settings, adapter));
            return new Contents(adapter, hashed || hashedByConfig, notes);
        } catch (LowRankException refused) {
            throw new LowRankException(directory + ": " + refused.getMessage(), refused);
        }
    }

    private static Tensors unpacked(Tensors tensors) {
        try {
            return PackedTensors.unpack(tensors);
        } catch (LowRankException damaged) {
            throw new LowRankException(TENSORS + ": " + damaged.getMessage(), damaged);
        }
    }

    private static boolean hashed(Tensors tensors) {
        try {
            return ContentHash.checked(tensors);
        } catch (LowRankException damaged) {
            throw new LowRankException(TENSORS + ": " + damaged.getMessage(), damaged);
        }
    }

    /** The configuration that belongs to the tensors: the file's, or if a writer was killed between the two, the copy. */
    private static PeftConfig settings(
            Path directory, @Nullable String text, Tensors tensors, boolean hashed, List<String> notes)
            throws IOException {
        String inside = tensors.metadata().get(CONFIG_COPY);
        PeftConfig copy = inside == null ? null : PeftConfig.read(inside, "the copy of " + CONFIG + " in " + TENSORS);
        if (text == null) {
            if (copy == null) {
                throw new LowRankException(CONFIG + " is missing, and without it the scale of the adapter is unknown.");
            }
            notes.add(CONFIG + " is missing; the copy of it in " + TENSORS + " was taken");
            return copy;
        }
        PeftConfig config = PeftConfig.read(text, CONFIG);
        String expected = config.tensorsHash();
        if (expected == null && copy == null) {
            return config;
        }
        if (expected == null) {
            throw new LowRankException(CONFIG + " does not name its tensors, and " + TENSORS
                    + " carries another configuration. Delete " + CONFIG + " to use that one.");
        }
        String actual = ContentHash.ofFile(directory.resolve(TENSORS));
        if (actual.equals(expected)) {
            List<String> changes = copy == null ? List.of() : config.changesSince(copy);
            if (!changes.isEmpty()) {
                notes.add(CONFIG + " was edited after it was written: " + Excerpt.of(changes));
            }
            return config;
        }
        if (copy != null && hashed) {
            notes.add("a writer was interrupted between the two files: " + CONFIG
                    + " is that of an earlier adapter, and" + " the copy in " + TENSORS + " was taken");
            return copy;
        }
        throw new LowRankException(TENSORS + " is not the file that " + CONFIG + " was written for: its SHA-256 is "
                + ContentHash.shortened(actual) + ", and must be " + ContentHash.shortened(expected)
                + ". It is damaged or was replaced. Take another copy of both"
                + (copy == null ? "." : ", or delete " + CONFIG + " if a writer was interrupted after the tensors."));
    }

    private static @Nullable String text(Path config) throws IOException {
        if (!Files.isRegularFile(config)) {
            return null;
        }
        if (Files.size(config) > LONGEST_CONFIG) {
            throw new LowRankException(
                    config + " has " + Files.size(config) + " bytes, and at most " + LONGEST_CONFIG + " are read.");
        }
        try {
            return Files.readString(config, StandardCharsets.UTF_8);
        } catch (CharacterCodingException notText) {
            throw new LowRankException(config + " is not UTF-8 text.", notText);
        }
    }
}
