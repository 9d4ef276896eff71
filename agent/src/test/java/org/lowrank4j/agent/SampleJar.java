package org.lowrank4j.agent;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes jars that hold another jar, as the build does. */
final class SampleJar {

    private SampleJar() {}

    /** A jar with a nested jar of these classes. */
    static Path write(Path file, String nested, String... classes) {
        Map<String, byte[]> entries = new TreeMap<>();
        for (String name : classes) {
            entries.put(name.replace('.', '/') + ".class", ChildFirstLoader.classFile(name));
        }
        return write(file, nested, entries);
    }

    /** A jar with a nested jar of these entries; a text file's content is stored, a class is deflated. */
    static Path write(Path file, String nested, Map<String, byte[]> entries) {
        try (OutputStream out = Files.newOutputStream(file);
                ZipOutputStream jar = new ZipOutputStream(out)) {
            jar.putNextEntry(new ZipEntry(nested));
            jar.write(zip(entries));
            jar.closeEntry();
            return file;
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] zip(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> content : entries.entrySet()) {
                ZipEntry entry = new ZipEntry(content.getKey());
                if (!content.getKey().endsWith(".class")) {
                    CRC32 crc = new CRC32();
                    crc.update(content.getValue());
                    entry.setMethod(ZipEntry.STORED);
                    entry.setSize(content.getValue().length);
                    entry.setCrc(crc.getValue());
                }
                zip.putNextEntry(entry);
                zip.write(content.getValue());
                zip.closeEntry();
            }
        }
        return bytes.toByteArray();
    }
}
