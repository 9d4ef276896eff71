package org.lowrank4j.agent;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipEntry;
import org.jspecify.annotations.Nullable;

/**
 * A jar inside the agent's jar, kept in memory in its compressed form: nothing is unpacked to disk, and an entry is
 * inflated when it is wanted. Entries of the outer jar would cost time at every start of a JVM, some 5 ms per thousand,
 * whether Deeplearning4j is used or not; these cost nothing until then.
 *
 * <p>Reads what the build writes: fewer than 65,536 entries, no comment, no encryption (ZIP specification, 4.3).
 */
final class NestedJar {

    private static final int END_SIGNATURE = 0x06054b50;
    private static final int END_SIZE = 22;
    private static final int ENTRY_SIGNATURE = 0x02014b50;
    private static final int ENTRY_SIZE = 46;
    private static final int LOCAL_SIZE = 30;
    private static final int DEFLATED = 8;

    private final String location;
    private final ByteBuffer content;
    private final Map<String, Integer> entries = new HashMap<>();

    private NestedJar(String location, byte[] content) throws IOException {
        this.location = location;
        this.content = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        readDirectory();
    }

    /**
     * Reads a jar that is an entry of another.
     *
     * @throws IOException if there is no such entry or it is no jar
     */
    static NestedJar open(Path outer, String name) throws IOException {
        try (JarFile jar = new JarFile(outer.toFile(), false)) {
            ZipEntry entry = jar.getEntry(name);
            if (entry == null) {
                throw new FileNotFoundException(outer + " has no entry " + name);
            }
            try (InputStream stream = jar.getInputStream(entry)) {
                return new NestedJar(outer.toUri() + "!/" + name, stream.readAllBytes());
            }
        }
    }

    /** The content of an entry; null if there is none of that name. */
    byte @Nullable [] read(String name) {
        Integer entry = entries.get(name);
        if (entry == null) {
            return null;
        }
        int method = content.getShort(entry + 10);
        int compressed = content.getInt(entry + 20);
        int size = content.getInt(entry + 24);
        int local = content.getInt(entry + 42);
        int start = local + LOCAL_SIZE + content.getShort(local + 26) + content.getShort(local + 28);
        byte[] result = new byte[size];
        if (method != DEFLATED) {
            content.get(start, result);
            return result;
        }
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(content.array(), start, compressed);
            if (inflater.inflate(result) != size) {
                throw new IllegalStateException(location + " is damaged at " + name);
            }
            return result;
        } catch (DataFormatException damaged) {
            throw new IllegalStateException(location + " is damaged at " + name, damaged);
        } finally {
            inflater.end();
        }
    }

    /** Where the entry can be read through a URL, as {@code ServiceLoader} does; null if there is none. */
    @Nullable URL url(String name) throws IOException {
        return entries.containsKey(name)
                ? new URL(null, "lowrank4j:" + location + "!/" + name, new Handler(name))
                : null;
    }

    private void readDirectory() throws IOException {
        int end = content.capacity() - END_SIZE;
        if (end < 0 || content.getInt(end) != END_SIGNATURE) {
            throw new IOException(location + " is no jar, or is cut short");
        }
        int count = Short.toUnsignedInt(content.getShort(end + 10));
        int at = content.getInt(end + 16);
        for (int i = 0; i < count; i++) {
            if (at + ENTRY_SIZE > end || content.getInt(at) != ENTRY_SIGNATURE) {
                throw new IOException(location + " is damaged at entry " + i);
            }
            int nameLength = content.getShort(at + 28);
            entries.put(new String(content.array(), at + ENTRY_SIZE, nameLength, StandardCharsets.UTF_8), at);
            at += ENTRY_SIZE + nameLength + content.getShort(at + 30) + content.getShort(at + 32);
        }
    }

    /** Opens URLs to one entry. */
    private final class Handler extends URLStreamHandler {

        private final String name;

        Handler(String name) {
            this.name = name;
        }

        @Override
        protected URLConnection openConnection(URL url) {
            return new URLConnection(url) {
                @Override
                public void connect() {
                    connected = true;
                }

                @Override
                public InputStream getInputStream() throws IOException {
                    byte[] entry = read(name);
                    if (entry == null) {
                        throw new FileNotFoundException(url.toString());
                    }
                    return new ByteArrayInputStream(entry);
                }
            };
        }
    }
}
