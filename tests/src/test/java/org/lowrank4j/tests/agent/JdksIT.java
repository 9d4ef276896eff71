package org.lowrank4j.tests.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.tests.ForkedJvm;
import org.lowrank4j.tests.ForkedJvm.Run;
import org.lowrank4j.tests.agent.program.AnnotatedJob;
import org.lowrank4j.tests.agent.program.Hello;
import org.lowrank4j.tests.agent.program.Training;

/** The JDK releases that lowrank4j is made for. */
class JdksIT {

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {17, 21, 25})
    void trainsWithoutAWarningOfTheJvmCausedByTheAgent(int feature) throws IOException {
        Path jdk = Jdks.require(feature);
        Run hello = ForkedJvm.of(Hello.class).withJdk(jdk).withAgent("").run().succeeded();
        Run stock = ForkedJvm.of(Training.class).withJdk(jdk).run().succeeded();
        Run idle = ForkedJvm.of(Training.class).withJdk(jdk).withAgent("").run().succeeded();
        Run adapted = ForkedJvm.of(Training.class)
                .withJdk(jdk)
                .withAgent("rank=2")
                .run()
                .succeeded();

        assertEquals("", hello.err());
        assertEquals(stock.results(), idle.results());
        assertEquals(stock.jvmWarnings(), idle.jvmWarnings());
        assertEquals(stock.jvmWarnings(), adapted.jvmWarnings());
        assertTrue(adapted.err().contains("trainable params:"), adapted::toString);
    }

    /** Classes from an AOT cache that was made without the agent are there before the agent: it must weave them again. */
    @Test
    void weavesClassesThatComeFromAnAotCache() throws IOException {
        Path jdk = Jdks.require(25);
        Path cache = folder.resolve("job.aot");
        Path log = folder.resolve("classes.txt");
        // An AOT cache takes jars only.
        String classPath = jarOfPrograms()
                + File.pathSeparator
                + ForkedJvm.classPath(entry -> entry.endsWith(".jar") && !ForkedJvm.isPlugin(entry));
        Run plain = ForkedJvm.of(AnnotatedJob.class)
                .withJdk(jdk)
                .withClassPath(classPath)
                .withAgent("")
                .run()
                .succeeded();
        ForkedJvm.of(AnnotatedJob.class)
                .withJdk(jdk)
                .withClassPath(classPath)
                .withOptions("-XX:AOTCacheOutput=" + cache, "--add-modules", "java.instrument")
                .run()
                .succeeded();
        Run cached = ForkedJvm.of(AnnotatedJob.class)
                .withJdk(jdk)
                .withClassPath(classPath)
                .withOptions("-XX:AOTCache=" + cache, "--add-modules", "java.instrument")
                .withOptions("-Xlog:class+load:file=" + log)
                .withAgent("verbose=true")
                .run()
                .succeeded();

        assertTrue(
                Files.readString(log)
                        .contains("org.deeplearning4j.nn.multilayer.MultiLayerNetwork source: shared objects file"),
                "the cache was not used");
        assertEquals(plain.results(), cached.results());
    }

    private Path jarOfPrograms() throws IOException {
        Path jar = folder.resolve("programs.jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            for (Class<?> program : new Class<?>[] {AnnotatedJob.class, Training.class}) {
                String entry = program.getName().replace('.', '/') + ".class";
                out.putNextEntry(new JarEntry(entry));
                try (InputStream classFile = program.getClassLoader().getResourceAsStream(entry)) {
                    classFile.transferTo(out);
                }
            }
        }
        return jar;
    }
}
