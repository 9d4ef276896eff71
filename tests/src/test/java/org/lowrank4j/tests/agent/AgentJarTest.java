package org.lowrank4j.tests.agent;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.lowrank4j.file.ModelZip;
import org.lowrank4j.tests.ForkedJvm;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/** What is in the agent's jar, and what is not. */
class AgentJarTest {

    private static final String SBOM = "META-INF/sbom/bom.json";

    @Test
    void theManifestNamesTheAgentsEntryPoints() throws IOException {
        try (JarFile jar = agent()) {
            Attributes manifest = jar.getManifest().getMainAttributes();
            String agent = "org.lowrank4j.agent.AgentMain";
            assertEquals(agent, manifest.getValue("Premain-Class"));
            assertEquals(agent, manifest.getValue("Agent-Class"));
            // The command line of this jar looks at models and must not adapt them.
            assertNull(manifest.getValue("Launcher-Agent-Class"));
            assertEquals("org.lowrank4j.agent.Main", manifest.getValue("Main-Class"));
            assertEquals("true", manifest.getValue("Can-Retransform-Classes"));
            assertNotNull(manifest.getValue("Implementation-Version"));
            assertNull(manifest.getValue("Boot-Class-Path"));
        }
    }

    /** Every entry costs time at each start of a JVM, and every class at the root is seen by the application. */
    @Test
    void theApplicationSeesTheAgentAndTheAnnotationsOnly() throws IOException {
        try (JarFile jar = agent()) {
            List<String> entries = jar.stream().map(JarEntry::getName).toList();
            for (String name : entries) {
                assertTrue(
                        name.startsWith("META-INF/")
                                || name.matches("org/lowrank4j/(agent|annotation)/[^/]+\\.class")
                                || name.matches("inst/(weaving|plugin|command)\\.jar"),
                        name);
            }
            assertTrue(entries.contains("org/lowrank4j/annotation/LowRank.class"));
            assertTrue(entries.size() < 60, entries.size() + " entries");
            assertEquals(entries.size(), new HashSet<>(entries).size(), "duplicate entries");
        }
    }

    @Test
    void librariesAreRelocated() throws IOException {
        List<String> weaving = nested("inst/weaving.jar");
        assertTrue(weaving.contains("org/lowrank4j/agent/weave/Weaver.class"));
        assertTrue(weaving.contains("org/lowrank4j/agent/shaded/bytebuddy/utility/OpenedClassReader.class"));
        assertEquals(Set.of("org/lowrank4j/agent"), packages(weaving));

        List<String> plugin = nested("inst/plugin.jar");
        assertTrue(plugin.contains("org/lowrank4j/hook/Activation.class"));
        assertTrue(plugin.contains("org/lowrank4j/version.properties"));
        assertTrue(plugin.contains("META-INF/services/org.lowrank4j.update.LowRankUpdate"));
        assertTrue(plugin.stream().anyMatch(name -> name.startsWith("org/lowrank4j/shaded/snakeyaml/")));
        assertFalse(plugin.stream().anyMatch(name -> name.startsWith("org/lowrank4j/annotation/")));
        assertFalse(plugin.stream().anyMatch(name -> name.startsWith("org/lowrank4j/command/")));
        assertTrue(
                plugin.stream()
                        .allMatch(name -> name.startsWith("org/lowrank4j/")
                                || name.startsWith("META-INF/services/org.lowrank4j.")),
                plugin::toString);

        List<String> command = nested("inst/command.jar");
        assertTrue(command.contains("org/lowrank4j/command/Commands.class"));
        assertTrue(command.contains("org/lowrank4j/command/shaded/picocli/CommandLine.class"));
        assertTrue(command.stream().allMatch(name -> name.startsWith("org/lowrank4j/command/")), command::toString);
    }

    @Test
    void licencesOfAllPartsAreIncluded() throws IOException {
        try (JarFile jar = agent()) {
            for (String name : List.of(
                    "META-INF/LICENSE",
                    "META-INF/NOTICE",
                    "META-INF/licenses/asm.txt",
                    "META-INF/licenses/byte-buddy.txt",
                    "META-INF/licenses/picocli.txt",
                    "META-INF/licenses/snakeyaml-engine.txt")) {
                ZipEntry entry = jar.getEntry(name);
                assertNotNull(entry, name);
                assertTrue(entry.getSize() > 100, name);
            }
        }
    }

    /** Builds that are offline have none. */
    @Test
    void whatTheJarsBringAlongIsListed() throws IOException {
        Set<String> plugin = Set.of("snakeyaml-engine", "picocli");
        Set<String> agent = new TreeSet<>(plugin);
        agent.addAll(List.of("lowrank4j-plugin", "byte-buddy-dep", "asm", "asm-commons", "asm-jdk-bridge", "asm-tree"));
        try (JarFile jar = agent()) {
            ZipEntry entry = jar.getEntry(SBOM);
            assumeTrue(entry != null || !"offline=true".equals(System.getProperty("build")), "built offline");
            assertNotNull(entry, SBOM);
            assertEquals(agent, components(jar.getInputStream(entry)));
        }
        try (InputStream own = ModelZip.class.getResourceAsStream("/" + SBOM)) {
            assertNotNull(own);
            assertEquals(plugin, components(own));
        }
    }

    /** The names in a CycloneDX document, which must be the same in every build. */
    private static Set<String> components(InputStream document) throws IOException {
        JsonNode root = new ObjectMapper().readTree(document);
        assertEquals("CycloneDX", root.path("bomFormat").asText());
        assertFalse(root.has("serialNumber"));
        assertFalse(root.path("metadata").has("timestamp"));
        Set<String> names = new TreeSet<>();
        root.path("components")
                .forEach(component -> names.add(component.path("name").asText()));
        return names;
    }

    private static JarFile agent() throws IOException {
        return new JarFile(ForkedJvm.agentJar().toFile());
    }

    private static List<String> nested(String name) throws IOException {
        List<String> names = new ArrayList<>();
        try (JarFile jar = agent();
                InputStream stream = jar.getInputStream(jar.getEntry(name));
                ZipInputStream nested = new ZipInputStream(stream)) {
            for (ZipEntry entry = nested.getNextEntry(); entry != null; entry = nested.getNextEntry()) {
                names.add(entry.getName());
            }
        }
        return names;
    }

    private static Set<String> packages(List<String> classes) {
        Set<String> packages = new TreeSet<>();
        classes.forEach(name -> packages.add(name.replaceAll("^(\\w+/\\w+/\\w+)/.*", "$1")));
        return packages;
    }
}
