package org.lowrank4j.tests.pages.starts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StartsSettingsTest {

    @TempDir
    Path directory;

    private Path published;

    @BeforeEach
    void nameTheSite() throws IOException {
        published = directory.resolve("src/site");
        System.setProperty("pages.site", published.toString());
        Files.writeString(directory.resolve("agent.jar"), "");
    }

    @AfterEach
    void forgetTheSite() {
        System.clearProperty("pages.site");
    }

    private StartsSettings settings(String... options) throws IOException {
        List<String> all = new ArrayList<>(List.of(options));
        all.add("--out=" + directory.resolve("out"));
        all.add("--agent=" + directory.resolve("agent.jar"));
        return StartsSettings.of(StartsSettings.options().parse(all.toArray(String[]::new)));
    }

    @Test
    void onlyTheWholeTableOnMnistIsPublished() throws IOException {
        Path aside = directory.resolve("out/site");
        assertEquals(published, settings("--data=mnist").site());
        assertEquals(aside, settings("--data=mnist", "--arms=full,kaiming").site());
        assertEquals(aside, settings("--data=drawn").site());
        assertEquals(aside, settings("--data=mnist", "--quick", "--arms=all").site());
        assertEquals(aside, settings("--data=mnist", "--seeds=1").site());
        assertEquals(aside, settings("--data=mnist", "--rates=1e-3").site());
        assertEquals(aside, settings("--data=mnist", "--steps=100").site());
        assertEquals(aside, settings("--data=mnist", "--loss=0.5").site());
        Path named = directory.resolve("named");
        assertEquals(named, settings("--data=drawn", "--site=" + named).site());
    }

    @Test
    void quickIsSmallUnlessSaidOtherwise() throws IOException {
        StartsSettings quick = settings("--quick");
        assertTrue(quick.drawn());
        assertEquals(
                List.of("full", "kaiming"),
                quick.arms().stream().map(StartArm::name).toList());
        assertEquals(1, quick.seeds());
        assertEquals(1, quick.grid().rates().size());
        assertEquals(120, quick.steps());
        StartsSettings more = settings("--quick", "--arms=full,frozen,pissa", "--seeds=2", "--rates=1e-3,1e-2");
        assertEquals(3, more.arms().size());
        assertEquals(2, more.seeds());
        assertEquals(2, more.grid().rates().size());
        assertEquals(Arms.ALL, settings("--data=mnist").arms());
    }

    @Test
    void aMissingAgentIsNamed() {
        Path absent = directory.resolve("absent.jar");
        IOException failure = assertThrows(
                IOException.class,
                () -> StartsSettings.of(StartsSettings.options().parse("--quick", "--agent=" + absent)));
        assertTrue(failure.getMessage().contains(absent.toString()), failure.getMessage());
    }
}
