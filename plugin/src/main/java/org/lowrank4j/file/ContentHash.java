package org.lowrank4j.file;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Excerpt;

/**
 * The SHA-256 that safetensors data carries of itself, in the entry {@value #ENTRY} of its metadata: in lower-case
 * hexadecimal, that of the bytes which {@link Safetensors#write} gives for the same content without this entry. So every
 * flipped bit in it is seen without a second file.
 */
public final class ContentHash {

    static final String ENTRY = "lowrank4j.sha256";

    private ContentHash() {}

    /** The same content with its hash. */
    public static Tensors added(Tensors content) {
        Map<String, String> metadata = new TreeMap<>(content.metadata());
        metadata.put(ENTRY, of(content));
        return new Tensors(content.tensors(), metadata);
    }

    /**
     * Whether the content carries its hash.
     *
     * @throws LowRankException if it does, and is not what it was when it was written
     */
    public static boolean checked(Tensors content) {
        Map<String, String> metadata = new TreeMap<>(content.metadata());
        @Nullable String written = metadata.remove(ENTRY);
        if (written == null) {
            return false;
        }
        String actual = of(new Tensors(content.tensors(), metadata));
        if (!actual.equals(written)) {
            throw new LowRankException("it is damaged: its content has the SHA-256 " + shortened(actual) + ", and had "
                    + shortened(written) + " when it was written. Take another copy of it.");
        }
        return true;
    }

    private static String of(Tensors content) {
        MessageDigest digest = sha256();
        try (OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
            Safetensors.write(content, out);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The SHA-256 of a whole file, in lower-case hexadecimal. */
    public static String ofFile(Path file) throws IOException {
        MessageDigest digest = sha256();
        try (InputStream in = Files.newInputStream(file);
                OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
            in.transferTo(out);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The beginning of a hash, as messages show it. */
    public static String shortened(String hash) {
        return hash.length() > 12 ? Excerpt.of(hash.substring(0, 12)) + "..." : Excerpt.of(hash);
    }

    /** A digest of which every Java platform has an implementation. */
    public static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }
}
