package org.lowrank4j.tests.robustness;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.lowrank4j.adapter.PeftDirectory;
import org.lowrank4j.file.ContentHash;
import org.lowrank4j.file.Safetensors;
import org.lowrank4j.file.Tensors;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Makes adapters in PEFT's layout that are wrong although they look right: one bit that differs, or wrong content under
 * right hashes. Every one of them must be refused. The same seed gives the same.
 */
final class Forgeries {

    /** What is wrong with one. */
    enum Kind {
        FLIPPED_BIT,
        HASH_OF_TENSORS,
        HASH_IN_CONFIGURATION,
        NOT_FINITE,
        WRONG_TYPE,
        TWO_TENSORS,
        GIANT_NUMBER,
        GIANT_NAME,
        OTHER_RANK,
        OTHER_TARGET
    }

    private static final DataType[] WHOLE = {DataType.INT, DataType.LONG, DataType.UBYTE, DataType.BOOL};
    private static final float[] NOT_FINITE = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};

    private final Random random;
    private final byte[] tensors;
    private final String config;

    /** Forges the adapter in a directory. */
    Forgeries(Path sound, Random random) throws IOException {
        this.random = random;
        tensors = Files.readAllBytes(sound.resolve(PeftDirectory.TENSORS));
        config = Files.readString(sound.resolve(PeftDirectory.CONFIG));
    }

    /** Writes one. */
    void write(Kind kind, Path directory) throws IOException {
        Files.write(directory.resolve(PeftDirectory.TENSORS), tensors);
        Files.writeString(directory.resolve(PeftDirectory.CONFIG), config);
        switch (kind) {
            case FLIPPED_BIT -> Files.write(directory.resolve(PeftDirectory.TENSORS), flipped(tensors, 8));
            case HASH_OF_TENSORS ->
                resealed(directory, metadata -> metadata.put("lowrank4j.sha256", digits()), Map.of());
            case HASH_IN_CONFIGURATION -> {
                // Beside tensors without a hash of their own, as earlier versions wrote them.
                resealed(directory, metadata -> metadata.remove("lowrank4j.sha256"), Map.of());
                replaceInConfig(directory, "(\"tensors_sha256\" : )\"[0-9a-f]+\"", "$1\"" + digits() + "\"");
            }
            case NOT_FINITE -> replaced(directory, this::spoilt);
            case WRONG_TYPE -> replaced(directory, array -> array.castTo(WHOLE[random.nextInt(WHOLE.length)]));
            case TWO_TENSORS -> doubled(directory);
            case GIANT_NUMBER ->
                replaceInConfig(
                        directory,
                        random.nextBoolean() ? "(\"r\" : )\\d+" : "(\"lora_alpha\" : )\\d+",
                        "$1" + "9".repeat(1 + 100 * (1 + random.nextInt(1000))));
            case GIANT_NAME ->
                replaceInConfig(directory, "\"task_type\"", "\"" + "k".repeat(3_000 + random.nextInt(90_000)) + "\"");
            case OTHER_RANK -> replaceInConfig(directory, "\"one\" : 3", "\"one\" : " + (4 + random.nextInt(99)));
            case OTHER_TARGET -> replaceInConfig(directory, "(\"target_modules\" : \\[) \"one\"", "$1 \"o\"");
        }
    }

    /** A copy with one other bit somewhere after the first bytes. */
    byte[] flipped(byte[] content, int from) {
        byte[] copy = content.clone();
        copy[from + random.nextInt(copy.length - from)] ^= (byte) (1 << random.nextInt(8));
        return copy;
    }

    private String digits() {
        StringBuilder digits = new StringBuilder();
        while (digits.length() < 64) {
            digits.append(Integer.toHexString(random.nextInt(16)));
        }
        return digits.toString();
    }

    private INDArray spoilt(INDArray array) {
        return array.dup()
                .putScalar(random.nextInt((int) array.length()), NOT_FINITE[random.nextInt(NOT_FINITE.length)]);
    }

    private interface Change<T> {
        void apply(T changed);
    }

    private interface Replacing {
        INDArray apply(INDArray array);
    }

    private void replaced(Path directory, Replacing change) throws IOException {
        List<String> names = new ArrayList<>(Safetensors.read(tensors).tensors().keySet());
        String name = names.get(random.nextInt(names.size()));
        resealed(
                directory,
                metadata -> {},
                Map.of(name, change.apply(Safetensors.read(tensors).tensor(name))));
    }

    private void doubled(Path directory) throws IOException {
        String prefix = "base_model.model.";
        boolean factor = random.nextBoolean();
        String there = prefix + (factor ? "one.lora_A.weight" : "out.weight");
        String second = factor ? prefix + "one.lora_embedding_A" : "lowrank4j/out/W";
        resealed(
                directory,
                metadata -> {},
                Map.of(second, Safetensors.read(tensors).tensor(there)));
    }

    /** Other content under hashes that are right for it, unless the change puts in others. */
    private void resealed(Path directory, Change<Map<String, String>> change, Map<String, INDArray> others)
            throws IOException {
        Tensors written = Safetensors.read(tensors);
        Map<String, INDArray> arrays = new TreeMap<>(written.tensors());
        arrays.putAll(others);
        Map<String, String> metadata = new TreeMap<>(written.metadata());
        metadata.remove("lowrank4j.sha256");
        Map<String, String> sealed =
                new TreeMap<>(ContentHash.added(new Tensors(arrays, metadata)).metadata());
        change.apply(sealed);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Safetensors.write(new Tensors(arrays, sealed), bytes);
        Path file = directory.resolve(PeftDirectory.TENSORS);
        String before = ContentHash.ofFile(file);
        Files.write(file, bytes.toByteArray());
        replaceInConfig(directory, before, ContentHash.ofFile(file));
    }

    private static void replaceInConfig(Path directory, String pattern, String with) throws IOException {
        Path file = directory.resolve(PeftDirectory.CONFIG);
        String text = Files.readString(file);
        String changed = text.replaceFirst(pattern, with);
        if (changed.equals(text)) {
            throw new IllegalStateException("nothing in the configuration matches " + pattern + ":\n" + text);
        }
        Files.write(file, changed.getBytes(StandardCharsets.UTF_8));
    }
}
