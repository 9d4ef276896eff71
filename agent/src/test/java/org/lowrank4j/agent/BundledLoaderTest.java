package org.lowrank4j.agent;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lowrank4j.annotation.LowRank;
import org.lowrank4j.hook.SampleHooks;

class BundledLoaderTest {

    private static final String HOOKS = "org/lowrank4j/hook/SampleHooks.class";
    private static final String SERVICE = "META-INF/services/org.lowrank4j.update.LowRankUpdate";

    @TempDir
    Path folder;

    @Test
    void definesItsOwnClassesAndTakesTheRestFromTheParent() throws Exception {
        ClassLoader parent = getClass().getClassLoader();
        ClassLoader loader = BundledLoader.openPlugin(plugin(), parent);

        Class<?> own = loader.loadClass(SampleHooks.class.getName());
        assertNotSame(SampleHooks.class, own);
        assertSame(loader, own.getClassLoader());
        assertSame(own, loader.loadClass(SampleHooks.class.getName()));
        assertSame(HookSetTest.class, loader.loadClass(HookSetTest.class.getName()));
        assertSame(String.class, loader.loadClass("java.lang.String"));
        assertThrows(ClassNotFoundException.class, () -> loader.loadClass("org.lowrank4j.Absent"));
    }

    @Test
    void sharesTheAnnotationsWithTheUsersCode() throws Exception {
        ClassLoader loader = BundledLoader.openPlugin(plugin(), getClass().getClassLoader());

        assertSame(LowRank.class, loader.loadClass(LowRank.class.getName()));
    }

    @Test
    void readsResourcesFromTheNestedJar() throws Exception {
        ClassLoader loader = BundledLoader.openPlugin(plugin(), getClass().getClassLoader());

        assertArrayEquals(
                ChildFirstLoader.classFile(SampleHooks.class.getName()),
                loader.getResourceAsStream(HOOKS).readAllBytes());
        assertNull(loader.getResource("org/lowrank4j/absent.txt"));
        assertEquals(1, Collections.list(loader.getResources(SERVICE)).size());
        assertEquals(
                "org.lowrank4j.Own",
                new String(loader.getResource(SERVICE).openStream().readAllBytes(), StandardCharsets.UTF_8));
    }

    @Test
    void saysWhatIsWrongWithAJar() throws IOException {
        Path empty = SampleJar.write(folder.resolve("empty.jar"), "other.jar", Map.of());
        Path damaged = SampleJar.write(folder.resolve("damaged.jar"), "other.jar", Map.of());
        try (java.util.zip.ZipOutputStream zip = new java.util.zip.ZipOutputStream(Files.newOutputStream(damaged))) {
            zip.putNextEntry(new java.util.zip.ZipEntry("inst/plugin.jar"));
            zip.write(new byte[100]);
        }

        assertTrue(assertThrows(IOException.class, () -> BundledLoader.openPlugin(empty, null))
                .getMessage()
                .endsWith("has no entry inst/plugin.jar"));
        assertTrue(assertThrows(IOException.class, () -> BundledLoader.openPlugin(damaged, null))
                .getMessage()
                .endsWith("is no jar, or is cut short"));
    }

    private Path plugin() {
        return SampleJar.write(
                folder.resolve("agent.jar"),
                "inst/plugin.jar",
                Map.of(
                        HOOKS,
                        ChildFirstLoader.classFile(SampleHooks.class.getName()),
                        "org/lowrank4j/annotation/LowRank.class",
                        new byte[0],
                        SERVICE,
                        SampleJar.text("org.lowrank4j.Own")));
    }
}
