package org.lowrank4j.tests.agent;

import java.io.IOException;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.ProtectionDomain;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/**
 * Another agent: writes down the SHA-256 of every application class as the JVM gets to see it. Registered as able to
 * retransform and after lowrank4j's, so that it runs after it.
 */
public final class HashingAgent implements ClassFileTransformer {

    private final Map<String, String> hashes = new TreeMap<>();

    private HashingAgent() {}

    /** Called by the JVM; {@code file} takes one line per class at the JVM's end. */
    public static void premain(String file, Instrumentation instrumentation) {
        HashingAgent agent = new HashingAgent();
        instrumentation.addTransformer(agent, true);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> agent.write(Path.of(file))));
    }

    /** Packs this class as an agent. */
    static Path jar(Path folder) throws IOException {
        Path jar = folder.resolve("hashing.jar");
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.putValue("Premain-Class", HashingAgent.class.getName());
        attributes.putValue("Can-Retransform-Classes", "true");
        String entry = HashingAgent.class.getName().replace('.', '/') + ".class";
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
            out.putNextEntry(new JarEntry(entry));
            HashingAgent.class.getClassLoader().getResourceAsStream(entry).transferTo(out);
            out.closeEntry();
        }
        return jar;
    }

    /** Reads what an agent wrote: class to hash. */
    static Map<String, String> read(Path file) throws IOException {
        Map<String, String> hashes = new TreeMap<>();
        for (String line : Files.readAllLines(file)) {
            int space = line.indexOf(' ');
            hashes.put(line.substring(0, space), line.substring(space + 1));
        }
        return hashes;
    }

    @Override
    public byte[] transform(
            ClassLoader loader, String name, Class<?> redefined, ProtectionDomain domain, byte[] classFile) {
        if (loader == ClassLoader.getSystemClassLoader() && name != null) {
            String hash = sha256(classFile);
            synchronized (hashes) {
                hashes.put(name, hash);
            }
        }
        return null;
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private void write(Path file) {
        StringBuilder lines = new StringBuilder();
        synchronized (hashes) {
            hashes.forEach(
                    (name, hash) -> lines.append(name).append(' ').append(hash).append('\n'));
        }
        try {
            Files.writeString(file, lines);
        } catch (IOException failure) {
            throw new IllegalStateException(failure);
        }
    }
}
