package org.lowrank4j.adapter;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.file.Replacement;
import org.lowrank4j.file.Safetensors;
import org.lowrank4j.file.Tensors;

/**
 * An adapter as a directory in the layout of the PEFT library: {@code adapter_config.json} and {@code
 * adapter_model.safetensors}. Layer names become module paths; {@link Adapter#renamed} maps them to those of a model that
 * names its layers otherwise. What PEFT has no place for is under the one key {@code lowrank4j} of the configuration, or
 * in tensors named {@code lowrank4j/LAYER/PARAMETER}; PEFT passes over both.
 *
 * <p>Reading a directory that was written here gives the same adapter, bit for bit.
 *
 * <p>Each file is replaced as a whole. The tensors carry a copy of their configuration, and the configuration the hash of
 * its tensors; where a writer was killed between the two, the reader sees that they do not belong together and takes the
 * copy. So it finds the old adapter or the new one, never a mix.
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
        String config = PeftConfig.write(adapter, null);
        Map<String, String> metadata = new TreeMap<>();
        metadata.put("format", "pt");
        metadata.put(CONFIG_COPY, config);
        Tensors tensors = new Tensors(PeftTensors.write(adapter), metadata);
        Files.createDirectories(directory);
        Path file = directory.resolve(TENSORS);
        Replacement.write(file, stream -> Safetensors.write(tensors, stream));
        String complete = PeftConfig.write(adapter, hash(file));
        Replacement.write(directory.resolve(CONFIG), stream -> stream.write(complete.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Reads an adapter. Sixteen-bit factors become FLOAT.
     *
     * @param directory that PEFT, or {@link #write}, wrote
     * @throws IOException if a file cannot be read
     * @throws LowRankException if a file is damaged, or the adapter is of a kind that cannot be represented here; the
     *     message says which setting or tensor
     */
    public static Adapter read(Path directory) throws IOException {
        Path file = directory.resolve(TENSORS);
        Path config = directory.resolve(CONFIG);
        if (!Files.isRegularFile(file)) {
            throw new LowRankException(directory + " has no " + TENSORS + ", so it is no adapter in PEFT's layout."
                    + (Files.isRegularFile(directory.resolve("adapter_model.bin"))
                            ? " It has an adapter_model.bin, which can run code when it is read: save it as safetensors"
                                    + " where it was made."
                            : ""));
        }
        Tensors tensors = Safetensors.read(file);
        String copy = tensors.metadata().get(CONFIG_COPY);
        PeftConfig settings = settings(config, file, copy);
        try {
            return PeftTensors.read(settings, tensors.tensors());
        } catch (LowRankException refused) {
            throw new LowRankException(directory + ": " + refused.getMessage(), refused);
        }
    }

    private static PeftConfig settings(Path config, Path tensors, @Nullable String copy) throws IOException {
        if (!Files.isRegularFile(config)) {
            if (copy == null) {
                throw new LowRankException(config + " is missing, and without it the scale of the adapter is unknown.");
            }
            return PeftConfig.read(copy, tensors.toString());
        }
        if (Files.size(config) > LONGEST_CONFIG) {
            throw new LowRankException(
                    config + " has " + Files.size(config) + " bytes, and at most " + LONGEST_CONFIG + " are read.");
        }
        PeftConfig written = PeftConfig.read(text(config), config.toString());
        String expected = written.tensorsHash();
        if (copy == null || hash(tensors).equals(expected)) {
            return written;
        }
        return PeftConfig.read(copy, tensors.toString());
    }

    private static String text(Path file) throws IOException {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (CharacterCodingException notText) {
            throw new LowRankException(file + " is not UTF-8 text.", notText);
        }
    }

    private static String hash(Path file) throws IOException {
        return HexFormat.of().formatHex(BaseFingerprint.sha256().digest(Files.readAllBytes(file)));
    }
}
