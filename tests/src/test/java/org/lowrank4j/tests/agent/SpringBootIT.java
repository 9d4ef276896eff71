package org.lowrank4j.tests.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.tests.ForkedJvm;
import org.lowrank4j.tests.ForkedJvm.Run;
import org.lowrank4j.tests.agent.program.AnnotatedJob;

/** A job packed as a Spring Boot jar: its classes and Deeplearning4j come from a loader below the system's. */
class SpringBootIT {

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {3, 4})
    void adaptsAJobInAFatJar(int release) throws IOException {
        Path jar = fatJar(release);
        Run plain = ForkedJvm.of(AnnotatedJob.class).withAgent("").run().succeeded();
        Run run = ForkedJvm.ofJar(jar).withAgent("verbose=true").run().succeeded();

        assertTrue(run.err().contains("AnnotatedJob is woven"), run::toString);
        assertTrue(run.err().contains("trainable params:"), run::toString);
        assertEquals(plain.results(), run.results());
    }

    /** As Spring Boot's build plugins make it: the loader at the root, the rest uncompressed below BOOT-INF. */
    private Path fatJar(int release) throws IOException {
        Path jar = folder.resolve("job.jar");
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.put(Attributes.Name.MAIN_CLASS, "org.springframework.boot.loader.launch.JarLauncher");
        attributes.putValue("Start-Class", AnnotatedJob.class.getName());
        attributes.putValue("Spring-Boot-Classes", "BOOT-INF/classes/");
        attributes.putValue("Spring-Boot-Lib", "BOOT-INF/lib/");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
            copyLoader(ForkedJvm.neighbour("spring-boot-loader-" + release + ".jar"), out);
            out.putNextEntry(new JarEntry("BOOT-INF/classes/"));
            out.putNextEntry(new JarEntry("BOOT-INF/lib/"));
            for (String entry : ForkedJvm.classPath(SpringBootIT::isNeeded).split(File.pathSeparator)) {
                addClassPathEntry(Path.of(entry), out);
            }
        }
        return jar;
    }

    /** Leaves out what the job can do without, to keep the jar small. */
    private static boolean isNeeded(String entry) {
        return !ForkedJvm.isPlugin(entry)
                && Stream.of("opencv", "ffmpeg", "hdf5", "leptonica", "mockito", "junit", "jmh")
                        .noneMatch(entry::contains);
    }

    private static void copyLoader(Path loader, JarOutputStream out) throws IOException {
        try (JarFile jar = new JarFile(loader.toFile())) {
            for (Enumeration<JarEntry> entries = jar.entries(); entries.hasMoreElements(); ) {
                JarEntry entry = entries.nextElement();
                if (!entry.getName().startsWith("META-INF/M")
                        && !entry.getName().equals("META-INF/")) {
                    out.putNextEntry(new JarEntry(entry.getName()));
                    try (InputStream stream = jar.getInputStream(entry)) {
                        stream.transferTo(out);
                    }
                }
            }
        }
    }

    private static void addClassPathEntry(Path entry, JarOutputStream out) throws IOException {
        if (Files.isDirectory(entry)) {
            List<Path> files;
            try (Stream<Path> walk = Files.walk(entry)) {
                files = walk.filter(Files::isRegularFile).toList();
            }
            for (Path file : files) {
                out.putNextEntry(new JarEntry(
                        "BOOT-INF/classes/" + entry.relativize(file).toString().replace(File.separatorChar, '/')));
                Files.copy(file, out);
            }
        } else if (Files.exists(entry)) {
            JarEntry library = new JarEntry("BOOT-INF/lib/" + entry.getFileName());
            byte[] content = Files.readAllBytes(entry);
            CRC32 crc = new CRC32();
            crc.update(content);
            library.setMethod(JarEntry.STORED);
            library.setSize(content.length);
            library.setCrc(crc.getValue());
            out.putNextEntry(library);
            out.write(content);
        }
    }
}
